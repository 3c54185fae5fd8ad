"""Draws a GDS as KLayout shows it.

klayout -b -r picture.py -rd gds=chip.gds -rd lyp=layers.lyp -rd png=chip.png

All levels of the hierarchy, the whole chip, on black; the height follows the chip's. The layers, their order and their
colours are those of the .lyp.
"""

import sys

import pya

# Pixels.
ACROSS = 1200


def main():
    view = pya.LayoutView()
    view.set_config("background-color", "#000000")
    view.set_config("grid-visible", "false")
    view.set_config("text-visible", "false")
    view.set_config("cell-box-visible", "false")
    view.load_layout(gds)
    view.load_layer_props(lyp)
    view.max_hier()
    view.zoom_fit()
    box = view.active_cellview().cell.dbbox()
    if box.empty():
        raise RuntimeError("the layout is empty")
    down = max(1, round(ACROSS * box.height() / box.width()))
    # Nine samples a pixel: wires are thinner than one.
    view.save_image_with_options(png, ACROSS, down, 0, 3, 0, pya.DBox(), False)


try:
    main()
except Exception as error:  # KLayout would still exit with 0.
    sys.stderr.write("picture: %s\n" % error)
    sys.exit(3)
