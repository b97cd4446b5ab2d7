// Wordings of the tour for new people, which come with it.
const zh = {
  tour: {
    offer: '第一次在这里值守？用两分钟认识一下这个界面。',
    start: '开始',
    later: '不用了',
    next: '下一步',
    back: '上一步',
    end: '完成',
    leave: '退出导览',
    count: '{{n}} / {{of}}',
    step: {
      lamp: { title: '画面可不可信', text: '绿色圆点：数据是此刻的，后面是延迟。琥珀色三角：超过 10 秒没有更新。红色方块：已断开，显示的是最后一次的数据。先看这里，再看别处。' },
      queue: { title: '待办队列', text: '未结事件按严重程度和时间排列。{{queueNext}} 下一条，{{queuePrevious}} 上一条，{{queueOpen}} 在地图上定位。实心符号在等人处理，空心的已经有人在办。' },
      case: { title: '一个事件', text: '事件的状态、时限、来源和每一步的记录都在这里，能做的下一步也在这里。{{close}} 关闭。' },
      dispatch: { title: '派人', text: '队伍按到达时间排列，按 {{dispatchList}} 直接跳到这里。派出后，状态和位置自动更新，不用刷新。' },
      map: { title: '地图和图层', text: '图例就是图层开关（{{toggleLayers}}）。{{resetView}} 回到全县，{{toggle3d}} 切换三维，{{zoomIn}} 和 {{zoomOut}} 缩放。摄像机正常时暗，异常时亮。' },
      palette: { title: '搜索和命令', text: '{{search}} 搜索地点、事件、摄像机；{{palette}} 打开命令面板，可用拼音首字母、编码、坐标，也可直接执行操作。' },
      alarm: { title: '告警声音', text: '严重事件会响铃，直到有人按 {{acknowledgeAlarm}} 确认。音量和静音在账号菜单的“{{settings}}”里，上岗先试一下。' },
      help: { title: '帮助', text: '按 {{help}} 查看所有快捷键；这个导览也可以在那里再打开一次。' },
    },
  },
}

const en = {
  tour: {
    offer: 'On duty here for the first time? Two minutes to get to know this screen.',
    start: 'Start',
    later: 'No, thanks',
    next: 'Next',
    back: 'Back',
    end: 'Done',
    leave: 'Leave the tour',
    count: '{{n}} of {{of}}',
    step: {
      lamp: { title: 'Whether to believe the picture', text: 'A green disc: this is now, and how late it came. An amber triangle: nothing new for 10 seconds. A red square: cut off, what you see is the last that was known. Look here first.' },
      queue: { title: 'The queue', text: 'Open incidents, the most urgent first. {{queueNext}} is the next, {{queuePrevious}} the previous one, {{queueOpen}} shows it on the map. Filled signs wait for somebody, hollow ones are being dealt with.' },
      case: { title: 'An incident', text: 'Its state, its deadline, where it came from and every step so far, and what can be done next. {{close}} closes it.' },
      dispatch: { title: 'Sending somebody', text: 'Units in the order in which they would arrive; {{dispatchList}} brings you here. From then on their state and place follow by themselves.' },
      map: { title: 'Map and layers', text: 'The legend is the switch of the layers ({{toggleLayers}}). {{resetView}} is the whole county, {{toggle3d}} turns 3D on and off, {{zoomIn}} and {{zoomOut}} zoom. A camera is dim while it is well, and bright when it is not.' },
      palette: { title: 'Search and commands', text: '{{search}} searches places, incidents and cameras; {{palette}} opens the command palette: Pinyin initials, codes, coordinates, and every action.' },
      alarm: { title: 'The alarm', text: 'A grave incident rings until somebody acknowledges it with {{acknowledgeAlarm}}. How loud it is stands in the account menu under “{{settings}}”; try it when your shift begins.' },
      help: { title: 'Help', text: '{{help}} lists all shortcuts, and from there this tour can be opened again.' },
    },
  },
}

export const tourTexts = { zh, en }
