"""Checks a GDS with KLayout's own means, apart from Ingot's engine.

klayout -b -r check_layout.py -rd gds=chip.gds -rd pins=pins.json -rd out=result.json

pins.json (from the DEF, the netlist and the LEF pins) says where each net's pins are:
  {"stack": [[name, gds layer], ...],
   "nets": [[net, [[instance, pin, index into stack, x um, y um], ...]], ...]}

What it does: reads the file; lists cells that are used but not there; extracts the nets of the flat metal and
via stack with KLayout's net extractor, a label `net.pin` in numbers at each pin; a net with labels of two nets is
a short, a net's labels on two nets an open, a label on no net a pin without metal. The result says how much of
each was looked at. Widths, spacings and cuts are routing_rules.py's.
"""

import json
import sys
import time

import pya

LISTED_MAX = 50


def read_layout(path):
    layout = pya.Layout()
    layout.read(path)
    return layout


def unresolved_cells(layout):
    return [c.name for c in layout.each_cell() if c.is_ghost_cell() or c.is_empty()]


def layer_region(layout, top, gds_layer):
    index = layout.find_layer(gds_layer, 0)
    if index is None:
        return pya.Region()
    return pya.Region(top.begin_shapes_rec(index))


def pin_labels(stack, nets, dbu):
    """One text collection per stack layer; the text is `net.pin` in numbers."""
    labels = [pya.Texts() for _ in stack]
    count = 0
    for number, (_, pins) in enumerate(nets):
        for pin, (_, _, layer, x, y) in enumerate(pins):
            labels[layer].insert(pya.Text("%d.%d" % (number, pin), round(x / dbu), round(y / dbu)))
        count += len(pins)
    return labels, count


def extract(top_name, dbu, stack, regions, labels):
    """KLayout's flat net extraction over metal, cuts and labels."""
    extractor = pya.LayoutToNetlist(top_name, dbu)
    for (name, _), region, texts in zip(stack, regions, labels):
        extractor.register(region, name)
        extractor.register(texts, name + "_pins")
    for k, region in enumerate(regions):
        extractor.connect(region)
        if k + 1 < len(regions):
            extractor.connect(region, regions[k + 1])
        extractor.connect(region, labels[k])
    extractor.extract_netlist()
    return extractor


def compare_nets(extractor, nets):
    circuit = next(extractor.netlist().each_circuit_top_down())
    pieces = [0] * len(nets)
    shorts = []
    extracted = 0
    seen = set()
    for net in circuit.each_net():
        extracted += 1
        if net.name == "":
            continue
        names = net.name.split(",")
        seen.update(names)
        numbers = sorted({int(name.partition(".")[0]) for name in names})
        for number in numbers:
            pieces[number] += 1
        if len(numbers) > 1:
            shorts.append([nets[n][0] for n in numbers])
    opens = [[nets[n][0], count] for n, count in enumerate(pieces) if count > 1]
    missing = [nets[n][0] for n, count in enumerate(pieces) if count == 0 and nets[n][1]]
    return extracted, shorts, opens, missing, len(seen)


def main():
    started = time.time()
    with open(pins, encoding="utf-8") as file:
        wanted = json.load(file)
    stack, nets = wanted["stack"], wanted["nets"]
    layout = read_layout(gds)
    tops = [c.name for c in layout.top_cells()]
    if len(tops) != 1:
        raise RuntimeError("the layout has %d top cells" % len(tops))
    top = layout.top_cell()
    regions = [layer_region(layout, top, gds_layer).merged() for _, gds_layer in stack]
    labels, pin_count = pin_labels(stack, nets, layout.dbu)
    extractor = extract(top.name, layout.dbu, stack, regions, labels)
    extracted, shorts, opens, missing, attached = compare_nets(extractor, nets)
    result = {
        "klayout": pya.Application.instance().version(),
        "top": top.name,
        "dbu": layout.dbu,
        "layers": sorted(i.to_s() for i in layout.layer_infos()),
        "cells": layout.cells(),
        "instances": sum(1 for _ in top.each_inst()),
        "unresolved": unresolved_cells(layout),
        "shapes": [[name, region.count()] for (name, _), region in zip(stack, regions)],
        "netsCompared": len(nets),
        "netsExtracted": extracted,
        "pinsCompared": pin_count,
        "loosePins": pin_count - attached,
        "shortCount": len(shorts),
        "openCount": len(opens),
        "missingCount": len(missing),
        "shorts": shorts[:LISTED_MAX],
        "opens": opens[:LISTED_MAX],
        "missing": missing[:LISTED_MAX],
        "seconds": round(time.time() - started, 2),
    }
    with open(out, "w", encoding="utf-8") as file:
        json.dump(result, file)


try:
    main()
except Exception as error:  # KLayout would open a dialog's text and still exit with 0.
    sys.stderr.write("check_layout: %s\n" % error)
    sys.exit(3)
