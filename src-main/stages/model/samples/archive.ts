/** ZIP files: .npz (arrays by name) and folders of images. */
import { unzipSync } from 'fflate';
import { BYTES_MAX, refuse } from './refuse.ts';

const ENTRIES_MAX = 200_000;

/** Files by name, in order of name. DATA-007: damaged; DATA-008: too large when unpacked. */
export function unzip(
  bytes: Uint8Array,
  place: string,
  isWanted: (name: string) => boolean,
): Map<string, Uint8Array> {
  let [total, count] = [0, 0];
  let files: Record<string, Uint8Array> = {};
  try {
    files = unzipSync(bytes, {
      filter: ({ name, originalSize }) => {
        if (name.endsWith('/') || !isWanted(name)) return false;
        total += originalSize;
        count++;
        return total <= BYTES_MAX && count <= ENTRIES_MAX;
      },
    });
  } catch {
    refuse('DATA-007', place, 'the archive is damaged', 'write it again');
  }
  if (total > BYTES_MAX || count > ENTRIES_MAX)
    refuse('DATA-008', place, 'unpacked it is larger than 1 GiB or 200,000 files', 'give fewer samples');
  return new Map(Object.entries(files).sort(([a], [b]) => (a < b ? -1 : 1)));
}
