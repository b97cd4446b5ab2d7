import i18next from 'i18next'

// Wordings of photographed landscapes: whoever has none does without them.
const zh = {
  tilesets: {
    title: '实景三维',
    fly: '飞到“{{name}}”',
    loading: '正在加载…',
    failed: '没有加载成功：文件缺失，或使用了不支持的压缩',
    nowhere: '没有地理位置，不能上图',
  },
}
const en: typeof zh = {
  tilesets: {
    title: 'Photographed in 3D',
    fly: 'Fly to “{{name}}”',
    loading: 'Loading…',
    failed: 'Not loaded: files are missing, or compressed in a way that is not read',
    nowhere: 'It lies nowhere on the earth',
  },
}

i18next.addResourceBundle('zh', 'translation', zh, true)
i18next.addResourceBundle('en', 'translation', en, true)
