/** Wires of another router's DEF as our routing: layers behind vias, shortened ends, patches, and what is refused. */
import { describe, expect, test } from 'vitest';
import { readDef, routingOfDef, writeDef } from '../../src-main/stages/layout/index.ts';
import { codeOf } from '../support/code-of.ts';
import { kitFiles, kitNote, nangate45 } from '../support/kit.ts';
import { tinyLayout } from '../support/tiny-layout.ts';

describe.skipIf(!kitFiles)(`routing of a DEF${kitNote}`, () => {
  const layoutOf = () => tinyLayout(nangate45());
  /** The design's DEF with other wires on its first net. */
  function routed(wiring: string) {
    const { netlist, floorplan, placement, kit } = layoutOf();
    const name = netlist.netNames[0]!;
    const text = writeDef(netlist, floorplan, placement, null, kit);
    const at = text.indexOf(`- ${name}\n`, text.indexOf('\nNETS '));
    const use = text.indexOf('\n  ;', at);
    const def = readDef(`${text.slice(0, use)}\n  + ROUTED ${wiring}${text.slice(use)}`, kit.tech).value;
    return { netlist, kit, def, routing: () => routingOfDef(def, netlist, kit) };
  }
  const wiresOf = (wiring: string): string[] => {
    const { routing, kit } = routed(wiring);
    const { wires } = routing();
    return Array.from({ length: wires.length / 5 }, (_, w) => {
      const [layer, ...ends] = wires.subarray(5 * w, 5 * w + 5);
      return `${kit.tech.layers[layer!]!.name} ${ends.join(' ')}`;
    });
  };

  test('what we write comes back as it was', () => {
    const { netlist, floorplan, placement, routing, kit } = layoutOf();
    const def = readDef(writeDef(netlist, floorplan, placement, routing, kit), kit.tech).value;
    expect(routingOfDef(def, netlist, kit)).toEqual(routing);
  });

  test('a path changes its layer at a via and goes on there', () => {
    expect(wiresOf('metal1 ( 1000 1000 ) via1_4 ( * 2000 ) via2_5 ( 3000 * ) ( * 1500 )')).toEqual([
      'metal2 1000 1000 1000 2000',
      'metal3 1000 2000 3000 2000',
      'metal3 3000 1500 3000 2000',
    ]);
  });

  test('a shortened end moves inwards, but not where a via’s pad has the metal anyway', () => {
    // Half a wire of metal2 is 70 database units.
    expect(wiresOf('metal2 ( 1000 1000 0 ) ( * 3000 )')).toEqual(['metal2 1000 1070 1000 3000']);
    expect(wiresOf('metal2 ( 1000 1000 0 ) ( * 3000 200 )')).toEqual(['metal2 1000 1070 1000 3130']);
    expect(wiresOf('metal2 ( 1000 1000 0 ) ( * 3000 ) NEW metal1 ( 1000 1000 ) via1_4')).toEqual([
      'metal2 1000 1000 1000 3000',
    ]);
  });

  test('a patch as wide as a wire is one; under a via’s pad it is nothing', () => {
    expect(wiresOf('metal2 ( 1000 1000 ) RECT ( -70 -200 70 200 )')).toEqual(['metal2 1000 870 1000 1130']);
    expect(wiresOf('metal1 ( 1000 1000 ) via1_4 NEW metal2 ( 1000 1000 ) RECT ( -70 -70 70 70 )')).toEqual(
      [],
    );
  });

  test('what our wires cannot draw is refused by place', () => {
    for (const wiring of [
      'metal2 ( 1000 1000 ) RECT ( -90 -200 90 200 )',
      'metal2 ( 1000 1000 0 ) ( * 1100 0 )',
      'metal2 ( 1000 1000 ) VIA_OF_NOBODY',
      'poly ( 1000 1000 ) ( * 2000 )',
    ])
      expect(codeOf(routed(wiring).routing).code, wiring).toBe('LAYOUT-057');
    expect(codeOf(() => routed('metal3 ( 1000 1000 ) via1_4 ( * 2000 )')).code).toBe('LAYOUT-007');
  });

  test('a net of the netlist must be in the DEF', () => {
    const { netlist, kit, def } = routed('metal2 ( 1000 1000 ) ( * 3000 )');
    const names = def.nets.names.map((name, n) => (n === 0 ? 'another' : name));
    const without = { ...def, nets: { ...def.nets, names } };
    expect(codeOf(() => routingOfDef(without, netlist, kit))).toEqual({
      code: 'LAYOUT-056',
      place: netlist.netNames[0],
    });
  });
});
