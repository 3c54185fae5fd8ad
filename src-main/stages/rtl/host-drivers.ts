/**
 * Parts of the C++ driver that differ by host: a bus-functional model of an AXI or SPI master. See driver.ts for the
 * files it reads and writes.
 */
import type { Chip } from '../chip/index.ts';
import { COUNTERS } from './host.ts';
import { commandCode, partsOfRegions, registerAddress } from './host-map.ts';

const reg = (name: string): string => `0x${registerAddress(name).toString(16)}`;

/** TARGET where a write does not follow the one before, then DATA. */
export const sendProgram = (
  chip: Chip,
): string => `  static const uint32_t parts[4] = {${partsOfRegions(chip).join(', ')}};
  uint32_t next = ~0u;
  for (uint32_t i = 0; i < writes; i++) {
    const uint32_t target = host[2 * i];
    if (target != next) sendTarget(target);
    sendData(host[2 * i + 1]);
    next = (target & 127) + 1 == parts[target >> 27] ? (target & ~127u) + 128 : target + 1;
  }
  endData();
`;

export const axiMaster = `
static bool refused = false;

static void put(uint32_t address, uint32_t value) {
  top->s_axi_awvalid = top->s_axi_wvalid = 1;
  top->s_axi_awaddr = address;
  top->s_axi_wdata = value;
  top->s_axi_wstrb = 15;
  top->s_axi_bready = 1;
  tick();
  top->s_axi_awvalid = top->s_axi_wvalid = 0;
  tick();
  // The response; it is taken in the next cycle, whatever is done there.
  if (!top->s_axi_bvalid || top->s_axi_bresp) refused = true;
}

static uint32_t get(uint32_t address) {
  top->s_axi_arvalid = 1;
  top->s_axi_araddr = address;
  tick();
  top->s_axi_arvalid = 0;
  int waited = 0;
  while (!top->s_axi_rvalid && waited++ < 100) tick();
  const uint32_t value = top->s_axi_rdata;
  if (!top->s_axi_rvalid || top->s_axi_rresp) refused = true;
  top->s_axi_rready = 1;
  tick();
  top->s_axi_rready = 0;
  return value;
}

static void sendTarget(uint32_t target) { tick(); put(${reg('TARGET')}, target); }
static void sendData(uint32_t data) { tick(); put(${reg('DATA')}, data); }
static void endData() { tick(); }
static void setRun(uint32_t run) { put(${reg('CONTROL')}, run); }
static uint32_t readCounter(uint32_t i) { return get(${reg(COUNTERS[0][0])} + 4 * i); }
`;

export const spiMaster = `
static uint8_t move(uint8_t out) {
  uint8_t in = 0;
  for (int i = 7; i >= 0; i--) {
    top->mosi = out >> i & 1;
    for (int k = 0; k < 4; k++) tick();
    in = in << 1 | top->miso;
    top->sck = 1;
    for (int k = 0; k < 4; k++) tick();
    top->sck = 0;
  }
  return in;
}

static void begin(uint8_t command) {
  top->cs_n = 0;
  for (int k = 0; k < 4; k++) tick();
  move(command);
}

static void finish() {
  for (int k = 0; k < 4; k++) tick();
  top->cs_n = 1;
  for (int k = 0; k < 8; k++) tick();
}

static void word(uint32_t value) {
  for (int i = 24; i >= 0; i -= 8) move(value >> i);
}

static bool sending = false;
static void endData() {
  if (sending) finish();
  sending = false;
}
static void sendTarget(uint32_t target) {
  endData();
  begin(${commandCode('TARGET')});
  word(target);
  finish();
}
static void sendData(uint32_t data) {
  if (!sending) begin(${commandCode('DATA')});
  sending = true;
  word(data);
}
static void setRun(uint32_t run) {
  begin(${commandCode('CONTROL')});
  move(run);
  finish();
}
static uint32_t readCounter(uint32_t index) {
  begin(${commandCode('COUNTER')});
  move(index);
  uint32_t value = 0;
  for (int i = 0; i < 4; i++) value = value << 8 | move(0);
  finish();
  return value;
}
`;

/** The streams of a case over SPI: a burst of input, of weights, of output in turn. Cycles are not told: zeros. */
export const spiStreams = (
  chip: Chip,
): string => `  uint32_t cycle = 0, inAt = 0, inPass = 0, outAt = 0, done = 0, streamAt = 0, right = 1;
  std::vector<uint8_t> out(((outBytes + 3) / 4) * 4);
  (void)inGap; (void)outGap; (void)streamAt;
  for (; done < passes && cycle < limit; cycle++) {
    if (inPass < passes) {
      begin(${commandCode('INPUT')});
      for (int n = 0; n < 16 && inPass < passes; n++) {
        const uint8_t *input = reinterpret_cast<const uint8_t *>(inputs + inPass * ((inBytes + 3) / 4));
        if (!(move(input[inAt]) & 4)) break;
        if (++inAt == inBytes) { inAt = 0; inPass++; }
      }
      finish();
    }
${
  chip.queueDepth > 0
    ? `    if (streamBytes > 0) {
      begin(${commandCode('WEIGHTS')});
      for (int n = 0; n < 16; n++) {
        if (!(move(stream[streamAt]) & 16)) break;
        if (++streamAt == streamBytes) streamAt = 0;
      }
      finish();
    }
`
    : ''
}    begin(${commandCode('OUTPUT')});
    for (int n = 0; n < 16 && done < passes; n++) {
      const uint8_t status = move(0);
      const uint8_t data = move(0);
      if (!(status & 8)) break;
      out[outAt++] = data;
      if (outAt < outBytes) continue;
      results.push_back(0);
      results.push_back(0);
      const size_t to = results.size();
      results.resize(to + out.size() / 4);
      memcpy(results.data() + to, out.data(), out.size());
      outAt = 0;
      done++;
    }
    finish();
  }
`;
