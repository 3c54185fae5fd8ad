`define GCD_IDLE 2'd0
`define GCD_CALC 2'd1
`define GCD_DONE 2'd2
