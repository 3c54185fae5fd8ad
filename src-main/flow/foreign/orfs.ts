/**
 * A design of OpenROAD-flow-scripts: `designs/<platform>/<design>/config.mk`. Meaning and units of the variables after
 * ORFS's variables.yaml: utilisation in percent, areas in um, density 0..1, periods of synthesis in ps.
 */
import { basename, dirname, join, resolve, sep } from 'node:path';
import { IngotError } from '../../base/diagnostic.ts';
import { areaOf, clockSdc, flagOf, numberOf, round, settingValue, words } from './key-values.ts';
import { KeyVerdicts, type Verdict } from './key-verdicts.ts';
import { MakeFile } from './make-file.ts';
import { DENSITY, IGNORED, MACROS, MET } from './orfs-keys.ts';
import type { ForeignDesign, ForeignDisk, ForeignValue, KeyRecord } from './types.ts';

/** What `--kit` says, so that a design of another platform may be mapped on ours; else null. */
export interface ForeignOptions {
  readonly kit: string | null;
  readonly kits: readonly string[];
}

/** FOREIGN-002 make text, -003 a value, -004 the platform, -005 macros, -008 a key that must be there. */
export function readOrfs(path: string, disk: ForeignDisk, options: ForeignOptions): ForeignDesign {
  const folder = dirname(resolve(path));
  const flowHome = resolve(folder, '../../..');
  const make = new MakeFile(
    new Map([
      ['FLOW_HOME', flowHome],
      ['DESIGN_HOME', resolve(folder, '../..')],
      ['DESIGN_DIR', folder],
      ['DESIGN_CONFIG', resolve(path)],
      ['CURDIR', flowHome],
      ['FLOW_VARIANT', ''],
    ]),
    anchored(disk, [flowHome, folder]),
  );
  make.read(path, disk.readText(path) ?? '');
  return new Orfs(make, path, folder, flowHome, disk, options).design();
}

/** Paths of ORFS are relative to its flow folder; those of designs kept elsewhere often to the design's. */
function anchored(disk: ForeignDisk, folders: readonly string[]): ForeignDisk {
  return {
    ...disk,
    glob: (pattern) =>
      folders.map((folder) => disk.glob(resolve(folder, pattern))).find((found) => found.length > 0) ?? [],
  };
}

class Orfs {
  private readonly settings: Record<string, unknown> = {};
  private readonly verdicts = new KeyVerdicts(MET, IGNORED);
  private readonly make: MakeFile;
  private readonly path: string;
  private readonly folder: string;
  private readonly flowHome: string;
  private readonly disk: ForeignDisk;
  private readonly options: ForeignOptions;

  constructor(
    make: MakeFile,
    path: string,
    folder: string,
    flowHome: string,
    disk: ForeignDisk,
    options: ForeignOptions,
  ) {
    this.make = make;
    this.path = path;
    this.folder = folder;
    this.flowHome = flowHome;
    this.disk = disk;
    this.options = options;
  }

  design(): ForeignDesign {
    const top = this.need('DESIGN_NAME');
    this.verdicts.taken('DESIGN_NAME', `top module and name: ${top}`);
    this.kit();
    this.refuseMacros();
    const verilog = words(this.need('VERILOG_FILES')).map((file) => this.file('VERILOG_FILES', file));
    this.verdicts.taken('VERILOG_FILES', `${verilog.length} files`);
    const includeDirs = words(this.text('VERILOG_INCLUDE_DIRS') ?? '').map((dir) => this.locate(dir));
    this.verdicts.taken('VERILOG_INCLUDE_DIRS', 'included files are written into the sources');
    const defines = words((this.text('VERILOG_DEFINES') ?? '').replace(/-D\s+/g, '-D'));
    this.verdicts.taken('VERILOG_DEFINES', 'written into the sources');
    const sdc = this.constraints();
    const def = this.get('FLOORPLAN_DEF');
    const defPath = def && def.value !== '' ? this.file('FLOORPLAN_DEF', def.value) : null;
    if (defPath) this.verdicts.taken('FLOORPLAN_DEF', 'die, rows and ports are those of the DEF');
    else this.floorplan();
    this.synthesis();
    const variant = this.text('FLOW_VARIANT') || 'base';
    this.verdicts.taken('FLOW_VARIANT', 'kept in the record; names the folder of ingot export --orfs');
    return {
      top,
      verilog,
      includeDirs,
      defines,
      sdc,
      def: defPath,
      settings: this.settings,
      record: { format: 'orfs', file: basename(this.path), design: top, variant, keys: this.keys() },
    };
  }

  private kit(): void {
    const platform = this.get('PLATFORM');
    const name = this.options.kit ?? platform?.value ?? '';
    if (!this.options.kits.includes(name)) {
      throw new IngotError(
        'FOREIGN-004',
        name === '' ? 'the design names no PLATFORM' : `there is no kit for the platform ${name}`,
        {
          place: platform?.place ?? basename(this.path),
          remedy: `Ingot has ${this.options.kits.join(', ')}: add --kit ${this.options.kits[0]} to map the design on it`,
        },
      );
    }
    this.settings['kit.name'] = name;
    const isOther = platform !== undefined && platform.value !== name;
    this.verdicts.taken(
      'PLATFORM',
      isOther ? `mapped on ${name} instead, as --kit asks` : `kit.name = ${name}`,
    );
  }

  private refuseMacros(): void {
    for (const key of MACROS) {
      const given = this.get(key);
      if (!given || given.value.trim() === '' || given.value.trim() === '0') continue;
      throw new IngotError('FOREIGN-005', `${key} brings macros or blocks; the engine places cells only`, {
        place: given.place,
        remedy: 'map memories to flip-flops in the RTL, or run this design in its own flow',
      });
    }
    const parameters = this.get('VERILOG_TOP_PARAMS');
    if (parameters && parameters.value !== '')
      throw new IngotError('FOREIGN-005', 'parameters of the top module are not passed on yet', {
        place: parameters.place,
        remedy: 'set them as defaults in the RTL, or name a wrapper module as DESIGN_NAME',
      });
  }

  private constraints(): ForeignDesign['sdc'] {
    const given = this.get('SDC_FILE');
    this.synthesisPeriod();
    if (given && given.value !== '') {
      this.verdicts.taken('SDC_FILE', 'the constraints');
      return { path: this.file('SDC_FILE', given.value) };
    }
    const usual = join(this.folder, 'constraint.sdc');
    if (this.disk.exists(usual)) return { path: usual };
    const [port, period] = [this.get('CLOCK_PORT'), this.get('CLOCK_PERIOD')];
    if (!port || !period) throw this.missing('SDC_FILE');
    this.verdicts.taken('CLOCK_PORT', 'constraints are made from it');
    this.verdicts.taken('CLOCK_PERIOD', `${period.value} ns`);
    return { name: 'constraint.sdc', text: clockSdc(port.value, numberOf(period), {}) };
  }

  private synthesisPeriod(): void {
    const given = this.get('ABC_CLOCK_PERIOD_IN_PS');
    if (!given || given.value === '') return;
    const periodPs = settingValue(given, 'clock.periodPs', Math.round(numberOf(given)));
    this.settings['clock.periodPs'] = periodPs;
    this.verdicts.taken(
      'ABC_CLOCK_PERIOD_IN_PS',
      `clock.periodPs = ${periodPs}, where the constraints do not say it plainly`,
    );
  }

  private floorplan(): void {
    const die = this.get('DIE_AREA');
    const utilization = this.get('CORE_UTILIZATION');
    if (die && die.value !== '') {
      const { widthUm, heightUm, xUm, yUm } = areaOf(die);
      this.settings['floorplan.dieWidthUm'] = settingValue(die, 'floorplan.dieWidthUm', widthUm);
      this.settings['floorplan.dieHeightUm'] = settingValue(die, 'floorplan.dieHeightUm', heightUm);
      const moved = xUm === 0 && yUm === 0 ? '' : '; its lower left corner moves to 0, 0';
      this.verdicts.taken('DIE_AREA', `a die of ${widthUm} x ${heightUm} um${moved}`);
      this.verdicts.ignored('CORE_AREA', 'the core is the die less the margin that the power grid needs');
      this.verdicts.ignored('CORE_UTILIZATION', 'the die is given');
      this.verdicts.ignored('CORE_ASPECT_RATIO', 'the die is given');
    } else if (utilization && utilization.value !== '') {
      const share = settingValue(utilization, 'floorplan.utilization', round(numberOf(utilization) / 100));
      this.settings['floorplan.utilization'] = share;
      this.verdicts.taken(
        'CORE_UTILIZATION',
        `floorplan.utilization = ${share} (percent there, a share here)`,
      );
      const aspect = this.get('CORE_ASPECT_RATIO');
      if (aspect && aspect.value !== '') {
        const ratio = settingValue(aspect, 'floorplan.aspectRatio', numberOf(aspect));
        this.settings['floorplan.aspectRatio'] = ratio;
        this.verdicts.taken(
          'CORE_ASPECT_RATIO',
          `floorplan.aspectRatio = ${ratio}, height over width in both`,
        );
      }
    }
    this.density(utilization !== undefined || die !== undefined);
  }

  /** ORFS: D = lb + (1 - lb) * addon + 0.01 with lb the density of cells spread evenly, i.e. the utilisation. */
  private density(hasSize: boolean): void {
    const addon = this.get('PLACE_DENSITY_LB_ADDON');
    const density = this.get('PLACE_DENSITY');
    const utilization = this.settings['floorplan.utilization'] as number | undefined;
    if (addon && addon.value !== '') {
      const share = numberOf(addon);
      if (utilization !== undefined) {
        const d = round(utilization + (1 - utilization) * share + 0.01);
        this.verdicts.ignored('PLACE_DENSITY_LB_ADDON', `a target density of about ${d}: ${DENSITY}`);
      }
    }
    if (!density || density.value === '') return;
    const value = numberOf(density);
    if (hasSize) return this.verdicts.ignored('PLACE_DENSITY', `a target density of ${value}: ${DENSITY}`);
    this.settings['floorplan.utilization'] = settingValue(density, 'floorplan.utilization', value);
    this.verdicts.taken(
      'PLACE_DENSITY',
      `floorplan.utilization = ${value}, as no size is given; 0 to 1 in both`,
    );
  }

  private synthesis(): void {
    const frontend = this.get('SYNTH_HDL_FRONTEND');
    if (frontend?.value === 'slang') {
      this.settings['synthesis.frontend'] = 'slang';
      this.verdicts.taken('SYNTH_HDL_FRONTEND', 'synthesis.frontend = slang');
    }
    const hierarchical = this.get('SYNTH_HIERARCHICAL');
    if (!hierarchical) return;
    this.settings['synthesis.flatten'] = !flagOf(hierarchical);
    this.verdicts.taken(
      'SYNTH_HIERARCHICAL',
      `synthesis.flatten = ${!flagOf(hierarchical)}; the netlist is flat either way`,
    );
  }

  private get(key: string): ForeignValue | undefined {
    const variable = this.make.variables.get(key);
    if (!variable) return undefined;
    return { key, value: (this.make.value(key) ?? '').trim(), place: variable.place };
  }

  private text(key: string): string | undefined {
    return this.get(key)?.value;
  }

  private need(key: string): string {
    const given = this.text(key);
    if (given === undefined || given === '') throw this.missing(key);
    return given;
  }

  private missing(key: string): IngotError {
    return new IngotError('FOREIGN-008', `the design gives no ${key}`, {
      place: this.get(key)?.place ?? basename(this.path),
      remedy: `add export ${key} = ..., or check that its pattern finds files`,
    });
  }

  private locate(path: string): string {
    const candidates = [resolve(this.flowHome, path), resolve(this.folder, path)];
    return candidates.find((p) => this.disk.exists(p) || this.disk.glob(p).length > 0) ?? candidates[1]!;
  }

  private file(key: string, path: string): string {
    const found = this.locate(path);
    if (this.disk.exists(found)) return found;
    throw new IngotError('FOREIGN-006', `${key} names ${path}, which is not there`, {
      place: this.get(key)?.place ?? basename(this.path),
      remedy: 'paths count from the folder above designs/, or from that of config.mk',
    });
  }

  private keys(): KeyRecord[] {
    // All values first: what they read is told apart from what nobody reads.
    const values = [...this.make.variables.keys()].map((name) => this.get(name)!);
    return values.map((given) => {
      const name = given.key;
      // The record is part of a result: it must not depend on where the design lies.
      const value = given.value.replaceAll(`${this.flowHome}${sep}`, '');
      return { ...given, value, ...this.verdicts.of(name, (key) => this.usedByOthers(key)) };
    });
  }

  private usedByOthers(key: string): Verdict | null {
    return this.make.used.has(key) ? { verdict: 'met', note: 'read by other values of the file' } : null;
  }
}
