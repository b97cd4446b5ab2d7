import i18next from 'i18next'

// Wordings of the review: whoever opens none does without them.
export const zhReview = {
  review: {
    title: '复盘报告',
    from: '自',
    until: '至',
    show: '生成',
    print: '打印 / 存为 PDF',
    made: '{{by}} 生成于 {{at}}',
    figures: '概况',
    cases: '事件',
    fresh: '新增',
    closed: '办结',
    left: '期末未结',
    urgent: '一级',
    dispatch: '接报到派遣（中位数）',
    arrive: '接报到到场（中位数）',
    none: '这段时间没有事件',
    map: '位置',
    mapKey: '数字为下列事件的序号；+n 表示同处另有 n 起，以最紧急的为准。',
    marks: '书签',
    log: '处置经过',
    drawn: '图上标绘',
    then: '期末状态',
    back: '返回态势',
    more: '仅列出最早的 {{n}} 起',
  },
}
export const enReview: typeof zhReview = {
  review: {
    title: 'After-action review',
    from: 'From',
    until: 'Until',
    show: 'Show',
    print: 'Print or save as PDF',
    made: 'Made by {{by}}, {{at}}',
    figures: 'In short',
    cases: 'Incidents',
    fresh: 'New',
    closed: 'Closed',
    left: 'Open at the end',
    urgent: 'Severity 1',
    dispatch: 'Report to dispatch (median)',
    arrive: 'Report to on scene (median)',
    none: 'No incidents in this span',
    map: 'Where',
    mapKey: 'The numbers are those of the incidents below; +n: n more in the same place, the gravest is shown.',
    marks: 'Bookmarks',
    log: 'What was done',
    drawn: 'Drawn on the map',
    then: 'State at the end',
    back: 'Back to the map',
    more: 'The earliest {{n}} alone are listed',
  },
}
i18next.addResourceBundle('zh', 'translation', zhReview, true)
i18next.addResourceBundle('en', 'translation', enReview, true)
