/** KLayout reads LEF and DEF with its own reader and compares what is drawn, layer by layer, with a GDS. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface LayerDifference {
  readonly layer: string;
  /** Merged polygons in the GDS. */
  readonly polygons: number;
  /** Area that only one of them has, and that only the DEF has; square database units. */
  readonly differenceArea: number;
  readonly defOnlyArea: number;
}

const SCRIPT = `import json, pya
with open(task, encoding="utf-8") as file:
    wanted = json.load(file)
a = pya.Layout()
a.read(wanted["gds"])
b = pya.Layout()
options = pya.LoadLayoutOptions()
config = options.lefdef_config
config.lef_files = wanted["lefs"]
config.read_lef_with_def = False
config.dbu = a.dbu
options.lefdef_config = config
b.read(wanted["def"], options)
def region(layout, is_wanted):
    found = pya.Region()
    for info in layout.layer_infos():
        if is_wanted(info):
            found += pya.Region(layout.top_cell().begin_shapes_rec(layout.layer(info)))
    return found.merged()
out = []
for name, number in wanted["layers"]:
    x = region(a, lambda i: i.layer == number and i.datatype == 0)
    y = region(b, lambda i: i.name == name or i.name == name + ".PIN")
    out.append({"layer": name, "polygons": x.count(), "differenceArea": (x ^ y).area(), "defOnlyArea": (y - x).area()})
print(json.dumps(out))
`;

export interface XorTask {
  readonly gds: string;
  readonly def: string;
  readonly lefs: readonly string[];
  /** Name in the LEF and number in the GDS. */
  readonly layers: readonly (readonly [string, number])[];
}

/** Three paths and the layers; two files are written to `folder`. */
export function xorDefGds(klayout: string, task: XorTask, folder: string): LayerDifference[] {
  const [script, taskFile] = [join(folder, 'xor.py'), join(folder, 'xor.json')];
  writeFileSync(script, SCRIPT);
  writeFileSync(taskFile, JSON.stringify(task));
  const out = execFileSync(klayout, ['-b', '-r', script, '-rd', `task=${taskFile}`], {
    encoding: 'utf8',
    env: { ...process.env, QT_QPA_PLATFORM: 'offscreen' },
  });
  return JSON.parse(out) as LayerDifference[];
}
