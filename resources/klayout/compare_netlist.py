"""Layout versus schematic by KLayout: the netlist of a GDS, cell by cell, against a reference in SPICE.

klayout -b -r compare_netlist.py -rd gds=chip.gds -rd stack=stack.json -rd reference=reference.spice
  -rd extracted=extracted.spice -rd out=result.json

stack.json: {"stack": [[name, gds layer], ...], "supplies": [net, ...]}, metals and cuts from below. Nothing else is known of the layout: cells' pins have
the names of the labels in the library's cells, ports those of the chip's own. The reference has one empty circuit for
each library cell it uses, and the top circuit INGOT_TOP; cells of the layout without a pin of a name but supplies (vias, fillers,
taps) are dissolved. KLayout's comparer finds the matching from the connections; ports must have the same name, too. The
extracted netlist is written with the reference's order of pins, for other programs to compare.
"""

import json
import sys
import time

import pya

LISTED_MAX = 20
# The reference's top circuit, whatever the chip is called.
TOP = "INGOT_TOP"


class Counter(pya.GenericNetlistCompareLogger):
    """Counts what matched and keeps what did not."""

    def __init__(self):
        super().__init__()
        self.nets = 0
        self.instances = 0
        self.differences = []
        self.pairs = []

    def differ(self, kind, a, b):
        self.differences.append([kind, a.expanded_name() if a else None, b.expanded_name() if b else None])

    def match_nets(self, a, b):
        self.nets += 1
        self.pairs.append((a, b))

    def match_ambiguous_nets(self, a, b, message=""):
        self.match_nets(a, b)

    def net_mismatch(self, a, b, message=""):
        self.differ("net", a, b)

    def match_subcircuits(self, a, b):
        self.instances += 1

    def subcircuit_mismatch(self, a, b, message=""):
        self.differ("instance", a, b)

    def pin_mismatch(self, a, b, message=""):
        self.differ("pin", a, b)

    def circuit_mismatch(self, a, b, message=""):
        self.differences.append(["circuit", a.name if a else None, b.name if b else None])

    def circuit_skipped(self, a, b, message=""):
        self.circuit_mismatch(a, b)


def extract(layout, stack):
    """Hierarchical: a cell's circuit gets a pin for each of its nets that is connected from above."""
    extractor = pya.LayoutToNetlist(pya.RecursiveShapeIterator(layout, layout.top_cell(), []))
    metals, texts = [], []
    for name, gds_layer in stack:
        index = layout.layer(gds_layer, 0)
        metals.append(extractor.make_layer(index, name))
        texts.append(extractor.make_text_layer(index, name + "_labels"))
    for k, metal in enumerate(metals):
        extractor.connect(metal)
        extractor.connect(metal, texts[k])
        if k + 1 < len(metals):
            extractor.connect(metal, metals[k + 1])
    extractor.extract_netlist()
    return extractor


def pin_orders(path):
    """Of each circuit of the reference."""
    orders = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            words = line.split()
            if words and words[0] == ".SUBCKT":
                orders[words[1]] = words[2:]
    return orders


def write_spice(path, netlist, top_name, orders):
    def pins_of(circuit):
        order = orders.get(TOP if circuit.name == top_name else circuit.name, [])
        place = {name: k for k, name in enumerate(order)}
        return sorted(circuit.each_pin(), key=lambda p: (place.get(p.name(), len(place)), p.name()))

    with open(path, "w", encoding="utf-8") as file:
        file.write("* netlist of the GDS, by KLayout\n")
        for circuit in netlist.each_circuit():
            if circuit.name != top_name:
                file.write(".SUBCKT %s %s\n.ENDS\n" % (circuit.name, " ".join(p.name() for p in pins_of(circuit))))
        top = netlist.circuit_by_name(top_name)
        file.write(".SUBCKT %s %s\n" % (TOP, " ".join(p.name() for p in pins_of(top))))
        for instance in top.each_subcircuit():
            nets = []
            for pin in pins_of(instance.circuit_ref()):
                net = instance.net_for_pin(pin.id())
                if net is None:
                    nets.append("open$%d_%d" % (instance.id(), pin.id()))
                else:
                    nets.append(net.name or "net$%d" % net.cluster_id)
            file.write("X%d %s %s\n" % (instance.id(), " ".join(nets), instance.circuit_ref().name))
        file.write(".ENDS\n")


def compare(netlist, wanted, top_name):
    for circuits, top in ((netlist, top_name), (wanted, TOP)):
        for circuit in list(circuits.each_circuit()):
            if circuit.name != top:
                circuit.blank()
    counter = Counter()
    comparer = pya.NetlistComparer(counter)
    for circuit in netlist.each_circuit():
        other = wanted.circuit_by_name(TOP if circuit.name == top_name else circuit.name.upper())
        if other is not None:
            comparer.same_circuits(circuit, other)
    is_same = comparer.compare(netlist, wanted)
    # The comparer goes by connections alone.
    ports = 0
    named = {p.name() for p in wanted.circuit_by_name(TOP).each_pin()}
    for a, b in counter.pairs:
        if a is None or b is None or (a.name == "" and b.name not in named):
            continue
        ports += 1
        if a.name.upper() != b.name:
            counter.differ("name", a, b)
    return is_same and not counter.differences, counter, ports


def main():
    started = time.time()
    layout = pya.Layout()
    layout.read(gds)
    if len(layout.top_cells()) != 1:
        raise RuntimeError("the layout has %d top cells" % len(layout.top_cells()))
    top_name = layout.top_cell().name
    with open(stack, encoding="utf-8") as file:
        known = json.load(file)
    extractor = extract(layout, known["stack"])
    netlist = extractor.netlist()
    wanted = pya.Netlist()
    # The reader writes all names in capitals.
    wanted.read(reference, pya.NetlistSpiceReader())
    unnamed = set(known["supplies"]) | {""}
    for circuit in list(netlist.each_circuit()):
        if circuit.name != top_name and all(pin.name() in unnamed for pin in circuit.each_pin()):
            netlist.flatten_circuit(circuit)
    netlist.make_top_level_pins()
    write_spice(extracted, netlist, top_name, pin_orders(reference))
    is_same, counter, ports = compare(netlist, wanted, top_name)
    result = {
        "klayout": pya.Application.instance().version(),
        "top": top_name,
        "isSame": is_same,
        "nets": counter.nets,
        "instances": counter.instances,
        "ports": ports,
        "differenceCount": len(counter.differences),
        "differences": counter.differences[:LISTED_MAX],
        "seconds": round(time.time() - started, 2),
    }
    with open(out, "w", encoding="utf-8") as file:
        json.dump(result, file)


try:
    main()
except Exception as error:  # KLayout would still exit with 0.
    sys.stderr.write("compare_netlist: %s\n" % error)
    sys.exit(3)
