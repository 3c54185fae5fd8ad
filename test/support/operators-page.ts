/** Writes resources/docs/operators.md: `npm run generate:operators`. */
import { writeFileSync } from 'node:fs';
import { operatorPage } from '../../src-main/stages/model/index.ts';
import { operatorSupport } from '../../src-main/stages/quantize/index.ts';

writeFileSync(new URL('../../resources/docs/operators.md', import.meta.url), operatorPage(operatorSupport()));
