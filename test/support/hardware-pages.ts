/** `npm run generate:hardware`: the pages on the instruction set and the hosts, from the tables of the hardware. */
import { writeFileSync } from 'node:fs';
import { isaReference } from '../../src-main/stages/chip/index.ts';
import { hostReference } from '../../src-main/stages/rtl/index.ts';

const docs = new URL('../../resources/docs/', import.meta.url);
writeFileSync(new URL('isa.md', docs), isaReference());
writeFileSync(new URL('hosts.md', docs), hostReference());
