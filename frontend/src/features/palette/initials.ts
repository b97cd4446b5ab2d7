/** The first character of each initial, in the order in which a collator for Chinese has them by Pinyin. No syllable begins with I, U or V. */
const firsts = '阿八嚓哒妸发旮哈讥咔垃妈拏噢妑七呥仨他屲夕丫帀'
const letters = 'abcdefghjklmnopqrstwxyz'
const byPinyin = new Intl.Collator('zh-CN-u-co-pinyin')

/** The initials of a name by Pinyin, 数据统计 as sjtj; what is not Chinese stays. A character counts with its commonest reading: this is for the names of actions and pages, what the county knows the server finds. */
export const initials = (name: string) =>
  Array.from(name.toLowerCase(), (one) => {
    if (!/\p{Script=Han}/u.test(one)) return /[\p{L}\p{N}]/u.test(one) ? one : ''
    const place = Array.from(firsts).findLastIndex((first) => byPinyin.compare(first, one) <= 0)
    return letters[place] ?? ''
  }).join('')
