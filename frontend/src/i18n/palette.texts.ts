// Wordings of the command palette, which come with it.
const zh = {
  palette: {
    title: '命令面板',
    input: '搜索地点、事件、摄像机、队伍、编码、坐标，或输入操作、页面',
    recent: '最近',
    actions: '操作',
    pages: '页面',
    known: '本机已有的数据',
    none: '没有找到“{{q}}”',
    empty: '输入名称、拼音首字母、编号、12 或 15 位编码、坐标',
    searching: '正在搜索…',
    count: '{{n}} 项',
    offline: '连接已断开：只能找到本机已有的数据，操作照常可用',
    failed: '搜索失败：{{why}}。下面是本机已有的数据',
    shift: '与 WGS-84 相差 {{m}} 米',
    noShift: '与 WGS-84 相差不到 1 米',
    keys: '↑ ↓ 选择　↵ 打开　Esc 关闭',
  },
}

const en = {
  palette: {
    title: 'Command palette',
    input: 'Search places, incidents, cameras, units, codes, coordinates, actions, pages',
    recent: 'Recent',
    actions: 'Actions',
    pages: 'Pages',
    known: 'Known on this screen',
    none: 'Nothing is called “{{q}}”',
    empty: 'Type a name, Pinyin initials, a number, a code of 12 or 15 digits, or coordinates',
    searching: 'Searching…',
    count: '{{n}} found',
    offline: 'Connection lost: only what this screen knows is found; actions still work',
    failed: 'Search failed: {{why}}. Below is what this screen knows',
    shift: '{{m}} m off WGS-84',
    noShift: 'less than 1 m off WGS-84',
    keys: '↑ ↓ choose   ↵ open   Esc close',
  },
}

export const paletteTexts = { zh, en }
