"""Checks the routing layers of a GDS against the technology's rules with KLayout's own geometry.

klayout -b -r routing_rules.py -rd gds=chip.gds -rd rules=rules.json -rd out=result.json -rd marks=marks.lyrdb \\
  [-rd def=chip.def -rd tech=tech.lef -rd cells=cells.lef -rd library=cells.gds]

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

With the four files of the second line KLayout draws the DEF by its own reader, with the library's GDS for cells,
and takes the exclusive or with the GDS, layer by layer.
"""

import json
import sys
import time

import pya

PLACES_MAX = 20


def overhang_missing(cuts, metal, overhangs, scale):
    """Cuts about which no overhang of the list, in either orientation, is covered by metal."""
    bad = cuts.dup()
    for x, y in {(round(a * scale), round(b * scale)) for pair in overhangs for a, b in (pair, pair[::-1])}:
        # Each cut by itself: merged, two neighbours could cover for each other.
        bad.merged_semantics = False
        grown = bad.sized(x, y, 2)
        grown.merged_semantics = False
        bad = grown.not_inside(metal)
        bad.merged_semantics = False
        bad = bad.sized(-x, -y, 2)
        if bad.is_empty():
            break
    return bad


def wide_pairs(metal, width, run, spacing):
    """Edges nearer than `spacing` that face each other, one of them the bound of metal `width` wide for `run`.
    As LEF has it, the run is that of the wide part, not of the thinner wire that goes on from it."""
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
        if any(edge.length() >= max(1, run) for edge in (both & bounds).each()):
            found.insert(pair)
    return found.polygons(1)


def near_edges(region, spacing):
    """Edges that face each other over less than `spacing` of nothing. By edges: the merged rails of metal1 are
    polygons as wide as the chip, and as polygons each would be compared with all that lies under its box."""
    return region.edges().space_check(spacing).polygons(1)


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
            yield name + ".space", count, near_edges(region, spacing)
            for w, run, s in layer["wide"]:
                rule = "%s.space.w%g.l%g" % (name, w, run)
                yield rule, count, wide_pairs(region, round(w * scale), round(run * scale), round(s * scale))
        else:
            exact = region.with_bbox_width(width, False).with_bbox_height(width, False).rectangles()
            yield name + ".size", count, region - exact
            yield name + ".space", count, near_edges(region, spacing)
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
    places = {}
    for instance in top.each_inst():
        places.setdefault(instance.cell_index, []).append(instance.dup())
    for index, instances in places.items():
        cell = layout.cell(index)
        for rule, _, found in check(flat_regions(layout, cell, wanted["layers"]), wanted, scale):
            if found.is_empty():
                continue
            counts.append([cell.name, rule, found.count(), len(instances)])
            into = marks.setdefault(rule, pya.Region())
            for instance in instances:
                into.insert(found.transformed(instance.cplx_trans) if instance.is_complex() else found.transformed(instance.trans))
    return marks, counts


def draw_def(layers, dbu):
    """The DEF as KLayout draws it, on the layers of the GDS, with the library's own geometry in its cells."""
    options = pya.LoadLayoutOptions()
    config = options.lefdef_config
    config.lef_files = [tech, cells]
    config.read_lef_with_def = False
    config.dbu = dbu
    config.macro_resolution_mode = 2
    config.macro_layout_files = [library]
    config.layer_map = pya.LayerMap.from_string("\n".join("%s : %d/0" % (l["name"], l["gds"]) for l in layers))
    config.create_other_layers = False
    for kind in ("routing", "special_routing", "via_geometry", "pins", "lef_pins"):
        setattr(config, kind + "_suffix_str" if hasattr(config, kind + "_suffix_str") else kind + "_suffix", "")
        is_text = hasattr(config, kind + "_datatype_str")
        setattr(config, kind + "_datatype" + ("_str" if is_text else ""), "0" if is_text else 0)
    options.lefdef_config = config
    drawn = pya.Layout()
    drawn.read(globals()["def"], options)
    return drawn


def differences(layers, regions, dbu):
    """For each layer: [name, polygons of the GDS, of the difference, its area in um2, a place of it or None]."""
    drawn = draw_def(layers, dbu)
    found = []
    for layer, region in zip(layers, regions):
        index = drawn.find_layer(layer["gds"], 0)
        other = pya.Region() if index is None else pya.Region(drawn.top_cell().begin_shapes_rec(index))
        difference = region ^ other
        place = None if difference.is_empty() else difference.bbox().center()
        found.append([layer["name"], region.count(), difference.count(), difference.area() * dbu * dbu, place and [place.x * dbu, place.y * dbu]])
    return found


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
    regions = flat_regions(layout, top, wanted["layers"])
    rules_found = list(check(regions, wanted, scale))
    # Looked for only when there is something to waive: a clean chip need not pay for it.
    is_clean = all(found.is_empty() for _, _, found in rules_found)
    waived, waivers = ({}, []) if is_clean else waived_marks(layout, top, wanted, scale)
    database = pya.ReportDatabase("Routing rules")
    database.top_cell_name = top.name
    cell = database.create_cell(top.name)
    results = []
    for rule, shapes, found in rules_found:
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
                "difference": differences(wanted["layers"], regions, layout.dbu) if "def" in globals() else None,
                "seconds": round(time.time() - started, 2),
            },
            file,
        )


try:
    main()
except Exception as error:  # KLayout would show the error and still leave with 0.
    sys.stderr.write("routing_rules: %s\n" % error)
    sys.exit(3)
