"""Checks the routing layers of a GDS against the technology's rules with KLayout's own geometry.

klayout -b -r routing_rules.py -rd gds=chip.gds -rd rules=rules.json -rd out=result.json -rd marks=marks.lyrdb

rules.json (from the technology LEF; lengths in um):
  {"grid": um,
   "layers": [{"name", "gds", "kind": "routing", "width", "spacing", "wide": [[width, run, spacing], ...]}
              {"name", "gds", "kind": "cut", "width", "spacing",
               "below": [[x, y], ...], "above": [[x, y], ...]}, ...]}  bottom up, metals and cuts alternating;
  below and above: overhangs of metal about the cut of which one, in either orientation, must be there.

Rules of a metal: width, spacing and notches (Euclidean), spacing of wide metal by parallel run, grid. Rules
of a cut: size, spacing, metal below and above with its overhang, grid.

What is inside one library cell is the library's: a violation that the cell shows on its own is waived at each
of its places, and counted by cell and rule. The result says for each rule how many shapes were looked at, so
that an empty or stopped run cannot pass for a clean one.
"""

import json
import sys
import time

import pya

PLACES_MAX = 20


def overhang_missing(cuts, metal, overhangs, scale):
    """Cuts about which no overhang of the list, in either orientation, is covered by metal."""
    bad = cuts
    for x, y in {(round(a * scale), round(b * scale)) for pair in overhangs for a, b in (pair, pair[::-1])}:
        grown = pya.Region()
        grown.merged_semantics = False
        for cut in bad.each():
            box = cut.bbox()
            grown.insert(pya.Box(box.left - x, box.bottom - y, box.right + x, box.top + y))
        bad = grown.not_inside(metal)
        shrunk = pya.Region()
        shrunk.merged_semantics = False
        for polygon in bad.each():
            box = polygon.bbox()
            shrunk.insert(pya.Box(box.left + x, box.bottom + y, box.right - x, box.top - y))
        bad = shrunk
        if bad.is_empty():
            break
    return bad


def wide_pairs(metal, width, run, spacing):
    """Edges nearer than `spacing` that face each other for `run` and of which one bounds metal `width` wide."""
    half = width // 2
    wide = metal.sized(-half + 1, 2).sized(half - 1, 2)
    if wide.is_empty():
        return pya.Region()
    # Only what lies near the wide metal can be too near to it.
    near = metal.interacting(wide.sized(spacing))
    pairs = near.space_check(spacing, False, pya.Region.Projection, None, max(1, run), None)
    bounds = wide.edges()
    found = pya.EdgePairs()
    for pair in pairs.each():
        both = pya.Edges([pair.first, pair.second])
        if not (both & bounds).is_empty():
            found.insert(pair)
    return found.polygons(1)


def off_grid(region, grid):
    return region.grid_check(grid, grid).polygons(1) if grid > 1 else pya.Region()


def check(regions, wanted, scale):
    """Yields (rule, shapes looked at, Region of marks). `regions`: one merged Region per layer."""
    grid = round(wanted["grid"] * scale)
    layers = wanted["layers"]
    for k, (layer, region) in enumerate(zip(layers, regions)):
        name = layer["name"]
        if region.is_empty():
            continue
        count = region.count()
        spacing = round(layer["spacing"] * scale)
        width = round(layer["width"] * scale)
        if layer["kind"] == "routing":
            yield name + ".width", count, region.width_check(width).polygons(1)
            yield name + ".space", count, region.space_check(spacing).polygons(1)
            for w, run, s in layer["wide"]:
                rule = "%s.space.w%g.l%g" % (name, w, run)
                yield rule, count, wide_pairs(region, round(w * scale), round(run * scale), round(s * scale))
        else:
            exact = region.with_bbox_width(width, False).with_bbox_height(width, False).rectangles()
            yield name + ".size", count, region - exact
            yield name + ".space", count, region.space_check(spacing).polygons(1)
            yield name + ".below", count, overhang_missing(region, regions[k - 1], layer["below"], scale)
            yield name + ".above", count, overhang_missing(region, regions[k + 1], layer["above"], scale)
        yield name + ".grid", count, off_grid(region, grid)


def flat_regions(layout, cell, layers):
    found = []
    for layer in layers:
        index = layout.find_layer(layer["gds"], 0)
        found.append(pya.Region() if index is None else pya.Region(cell.begin_shapes_rec(index)).merged())
    return found


def waived_marks(layout, top, wanted, scale):
    """rule -> marks of the library cells' own violations at all their places; (cell, rule) -> count."""
    marks = {}
    counts = []
    for cell in layout.each_cell():
        if cell.cell_index() == top.cell_index():
            continue
        places = [i for i in top.each_inst() if i.cell_index == cell.cell_index()]
        if not places:
            continue
        for rule, _, found in check(flat_regions(layout, cell, wanted["layers"]), wanted, scale):
            if found.is_empty():
                continue
            counts.append([cell.name, rule, found.count(), len(places)])
            into = marks.setdefault(rule, pya.Region())
            for instance in places:
                into.insert(found.transformed(instance.cplx_trans) if instance.is_complex() else found.transformed(instance.trans))
    return marks, counts


def main():
    started = time.time()
    with open(rules, encoding="utf-8") as file:
        wanted = json.load(file)
    layout = pya.Layout()
    layout.read(gds)
    if len(layout.top_cells()) != 1:
        raise RuntimeError("the layout has %d top cells" % len(layout.top_cells()))
    top = layout.top_cell()
    scale = 1 / layout.dbu
    waived, waivers = waived_marks(layout, top, wanted, scale)
    database = pya.ReportDatabase("Routing rules")
    database.top_cell_name = top.name
    cell = database.create_cell(top.name)
    results = []
    for rule, shapes, found in check(flat_regions(layout, top, wanted["layers"]), wanted, scale):
        kept = found.not_inside(waived[rule]) if rule in waived else found
        category = database.create_category(rule)
        database.create_items(cell.rdb_id(), category.rdb_id(), pya.CplxTrans(layout.dbu), kept)
        centres = [p.bbox().center() for _, p in zip(range(PLACES_MAX), kept.each())]
        results.append(
            {
                "rule": rule,
                "shapes": shapes,
                "violations": kept.count(),
                "waived": found.count() - kept.count(),
                "places": [[c.x * layout.dbu, c.y * layout.dbu] for c in centres],
            }
        )
    database.save(marks)
    with open(out, "w", encoding="utf-8") as file:
        json.dump(
            {
                "klayout": pya.Application.instance().version(),
                "top": top.name,
                "rules": results,
                "waivers": sorted(waivers),
                "seconds": round(time.time() - started, 2),
            },
            file,
        )


try:
    main()
except Exception as error:  # KLayout would show the error and still leave with 0.
    sys.stderr.write("routing_rules: %s\n" % error)
    sys.exit(3)
