# A small design in the form of OpenROAD-flow-scripts, written for this test.
export DESIGN_NAME     = gcd
export PLATFORM        = nangate45
export DESIGN_NICKNAME ?= gcd

SRC = $(DESIGN_HOME)/src/$(DESIGN_NICKNAME)
export VERILOG_FILES = $(sort $(wildcard $(SRC)/*.v))
export VERILOG_INCLUDE_DIRS := $(SRC)
export VERILOG_DEFINES = -D GCD_WIDTH=8 \
                         -D UNUSED   # never tested

export SDC_FILE = $(DESIGN_HOME)/$(PLATFORM)/$(DESIGN_NICKNAME)/constraint.sdc

ifeq ($(FLOW_VARIANT),dense)
export CORE_UTILIZATION = 70
else
export CORE_UTILIZATION = 50
endif
export CORE_ASPECT_RATIO = 1
export PLACE_DENSITY_LB_ADDON = 0.20
export TNS_END_PERCENT        = 100
export ABC_AREA               = 1
export COLOUR_OF_THE_PACKAGE  = black
