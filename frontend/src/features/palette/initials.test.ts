import { expect, test } from 'vitest'
import { initials } from './initials'

test.each([
  ['新建事件', 'xjsj'],
  ['数据统计', 'sjtj'],
  ['打印地图', 'dydt'],
  ['操作记录', 'czjl'],
  ['访问令牌', 'fwlp'],
  ['回放 / 回到实时', 'hfhdss'],
  ['三维 / 平面', 'swpm'],
  ['中文 / English', 'zwenglish'],
  ['命令面板：搜索与操作', 'mlmbssycz'],
  ['值班表', 'zbb'],
])('%s is %s', (name, want) => expect(initials(name)).toBe(want))
