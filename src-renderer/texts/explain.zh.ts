/** The explanations of explain.ts in Chinese, by the same codes and prefixes. */
import type { Explanation } from './explain.ts';

export const explainZh: Readonly<Record<string, Explanation>> = {
  'FLOW-003': {
    means: '某一步骤需要的文件不在项目中。',
    causes: ['新建项目时没有给出模型', '浮点模型缺少校准数据'],
    tries: ['导入所指的文件', '用模型和数据重新创建项目'],
  },
  'FLOW-004': {
    means: '此项目的另一个运行正在进行，在这里或在终端中。',
    causes: ['命令行中的运行', '在同一文件夹上的第二个窗口'],
    tries: ['等待它结束：这里也会显示', '取消它；已完成的步骤会保留'],
  },
  'FLOW-005': {
    means: '与该步骤不共享任何代码的检验者认定其结果有误。建立在它之上的一切都不可信。',
    causes: ['精度下降超过限度', '无法满足芯片或时钟的限制', 'Ingot 自身的缺陷'],
    tries: [
      '阅读证明表中失败的一行：其中写明比较了什么',
      '精度问题：增加校准样本，或改变 quantize.range',
      '时序问题：加大 clock.periodPs',
      '该步骤的产物已保留：可导出仔细查看',
    ],
  },
  'FLOW-007': {
    means: '该步骤需要的内存超过可用内存。',
    causes: ['芯片很大', '布线线程很多', '其他程序占用'],
    tries: ['关闭其他程序', '减少 route.threads', '减少 chip.rows 或 chip.columns'],
  },
  'FLOW-008': {
    means: '保存的结果与写入时不同：摘要不一致。',
    causes: ['磁盘故障', '文件被手动修改'],
    tries: ['用 --force 运行以重新生成'],
  },
  'FLOW-010': {
    means: '运行已停止。',
    causes: ['由您取消', '应用被关闭'],
    tries: ['再次运行：从最后完成的步骤继续'],
  },
  'FLOW-012': {
    means: '相同的输入给出了与以前不同的字节。结果绝不应取决于偶然。',
    causes: ['工具版本不同', 'Ingot 自身的缺陷'],
    tries: ['请报告并附上步骤名称'],
  },
  MODEL: {
    means: '模型文件无法直接使用。',
    causes: ['尚不支持的算子或类型', '取决于数据的形状', '文件损坏'],
    tries: ['以固定形状重新导出模型', '参阅文档中的算子列表', '先用模型自己的框架简化'],
  },
  QUANT: {
    means: '无法按要求将模型转换为 int8，或精度损失过大。',
    causes: ['校准数据与真实数据不相像', '离群值拉大了范围', '没有 int8 形式的算子'],
    tries: ['更多或更好的校准样本', 'quantize.range 设为 percentile 或 mse'],
  },
  CHIP: {
    means: '无法构造这样的芯片。',
    causes: ['尺寸不是二的幂', '存储器太小'],
    tries: ['选择一个预设，再从那里修改'],
  },
  COMPILE: {
    means: '无法为该芯片生成程序，或模型的一部分留在主机上。',
    causes: ['存储器太小', '卷积核或步幅超出引擎能力', '累加器太窄'],
    tries: ['存储器填 0 表示按程序所需', 'chip.accumulatorBits 设为 32', '更大的预设'],
  },
  SETTING: {
    means: '某项设置有误；没有启动任何内容。',
    causes: ['名称不存在', '值超出范围'],
    tries: ['设置视图列出每项的范围和含义'],
  },
  PROJECT: {
    means: '项目文件夹或其数据库无法使用。',
    causes: ['文件被移动或损坏', '没有写入权限', '由更新版本的 Ingot 创建'],
    tries: ['检查文件夹', '从备份恢复 ingot.db'],
  },
  FILE: {
    means: '给出的文件无法使用。',
    causes: ['内容与名称不符', '为空或过大'],
    tries: ['确认是正确的文件'],
  },
  TOOL: {
    means: '外部工具缺失或失败。',
    causes: ['没有安装', '版本太旧'],
    tries: ['`ingot doctor` 列出工具、路径和版本'],
  },
  SYNTH: {
    means: 'Yosys 没有生成网表。',
    causes: ['内存不足', '版本不合适'],
    tries: ['synthesis.tool 设为 wasm', 'synthesis.flatten 设为 false'],
  },
  SLANG: {
    means: 'RTL 有错误，或用了芯片综合不支持的 SystemVerilog。',
    causes: ['源文件有错误', '宏在另一个文件里定义', '找不到头文件'],
    tries: ['改正所指的行', 'RTL 是普通 Verilog 时，synthesis.frontend 设为 yosys'],
  },
  PLACE: {
    means: '单元找不到合法位置。',
    causes: ['裸片太小'],
    tries: ['降低 floorplan.utilization'],
  },
  ROUTE: {
    means: '并非每条线网都找到合法路径。',
    causes: ['布局过密', '轮数太少'],
    tries: ['降低 floorplan.utilization', '增加 route.maxRounds'],
  },
  TIMING: {
    means: '时钟周期未满足，或无法判断。',
    causes: ['周期太短', '连线太长'],
    tries: ['加大 clock.periodPs', '打开 timing.repair'],
  },
  KIT: {
    means: '单元库不存在或不完整。',
    causes: ['首次运行时没有网络', '没有已知的软件包索引，也没有 pip', '代理给出了别的文件'],
    tries: ['帮助 › 单元库：在那里获取，或使用在别处下载的文件', '之后会一直保留'],
  },
  VIEW: {
    means: '无法计算某个视图。运行本身不受影响。',
    causes: ['运行尚未进行到那一步'],
    tries: ['将流程运行到所指的步骤'],
  },
  DATA: {
    means: '数值文件（校准或测试数据）无法使用。',
    causes: ['形状或类型与模型不符', '文件损坏或不完整'],
    tries: ['按模型输入的形状重新保存为 .npy'],
  },
  PASS: {
    means: '简化模型的某个遍无法完成。',
    causes: ['图的形式不常见', 'Ingot 自身的缺陷'],
    tries: ['在设置中关闭该遍', '请报告并附上模型'],
  },
  FLOOR: {
    means: '没有符合要求的布图规划。',
    causes: ['裸片对单元来说太小', '引脚或宏重叠或在外面'],
    tries: ['降低 floorplan.utilization', '去掉引脚或宏的固定位置'],
  },
  CLOCK: {
    means: '无法按要求构建时钟树。',
    causes: ['缓冲器没有空间', '库中没有时钟缓冲器'],
    tries: ['降低 floorplan.utilization', '放宽时钟偏斜限制'],
  },
  EXTRACT: {
    means: '无法从版图提取连线的电阻和电容。',
    causes: ['线网不完整', '工艺库中某层缺少参数'],
    tries: ['查看布线步骤的检查'],
  },
  POWER: {
    means: '无法计算功耗或压降，或超出限度。',
    causes: ['没有记录活动', '电源网格的条带太少'],
    tries: ['运行仿真步骤', '在布图规划设置中加密电源网格'],
  },
  CHECK: {
    means: '完成的版图违反规则，或与网表不同。',
    causes: ['布线留下冲突', 'Ingot 自身的缺陷'],
    tries: ['在版图视图中找到该位置', '请报告并附上运行的导出结果'],
  },
  NETLIST: {
    means: '网表无法读取，或与单元库不符。',
    causes: ['来自另一个库的单元', '超出扁平映射形式的 Verilog'],
    tries: ['针对所指的库重新综合'],
  },
  LAYOUT: {
    means: 'DEF、LEF 或 GDS 文件无法读取或写入。',
    causes: ['不支持的语句', '文件损坏'],
    tries: ['消息中指出了行和语句'],
  },
  WORLD: {
    means: '系统拒绝：磁盘、内存或权限。',
    causes: ['磁盘已满', '没有写入权限', '磁盘已断开'],
    tries: ['释放空间', '检查文件夹权限后再运行：已完成的步骤会保留'],
  },
  YOSYS: {
    means: 'Yosys 对设计的说明。',
    causes: ['存储器变为寄存器时很常见'],
    tries: ['除非综合失败，否则无需处理'],
  },
  FOREIGN: {
    means: '另一流程的项目无法原样接收。',
    causes: ['没有对应的设置', '缺少它所指的文件'],
    tries: ['阅读导入记录：其中列出接收、更改和略去的内容'],
  },
  OPENROAD: {
    means: 'OpenROAD 缺失、太旧或失败。',
    causes: ['没有安装', '该版本缺少所需的命令'],
    tries: ['`ingot doctor` 列出工具、路径和版本', '该步骤改用 Ingot 自己的引擎'],
  },
  DESK: {
    means: '窗口无法完成所要求的操作。',
    causes: ['文件夹不是在这里打开的', 'Ingot 自身的缺陷'],
    tries: ['重新打开项目'],
  },
};
