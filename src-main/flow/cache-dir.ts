export { cacheDir } from '../tools/cache-dir.ts';
