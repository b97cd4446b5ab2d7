import i18next from 'i18next'

// Wordings of the photos and videos of a case: whoever opens none does without them.
export const zhAttachments = {
  attachments: {
    title: '现场照片与视频',
    roles: { before: '处置前', after: '处置后', near: '近景', far: '远景', other: '其他' },
    open: '查看{{role}}照片，{{who}}，{{time}}',
    openVideo: '播放{{role}}视频，{{who}}，{{time}}',
    video: '视频',
    noThumb: '无缩略图',
    what: '内容',
    taken: '拍摄时间',
    arrived: '送达时间',
    who: '拍摄人',
    reporter: '上报人',
    place: '拍摄位置',
    noPlace: '未提供',
    file: '文件',
    original: '下载原件（含拍摄信息，留痕）',
    shared: '此处显示的副本已去除拍摄设备与定位信息；原件按 SHA-256 留存。',
    previous: '上一张',
    next: '下一张',
    failed: '没有取到这个文件',
  },
}
export const enAttachments: typeof zhAttachments = {
  attachments: {
    title: 'Photos and videos',
    roles: { before: 'Before', after: 'After', near: 'Close', far: 'Wide', other: 'Other' },
    open: 'Photo ({{role}}), {{who}}, {{time}}',
    openVideo: 'Video ({{role}}), {{who}}, {{time}}',
    video: 'Video',
    noThumb: 'No thumbnail',
    what: 'Shows',
    taken: 'Taken',
    arrived: 'Arrived',
    who: 'By',
    reporter: 'reporter',
    place: 'Place',
    noPlace: 'Not told',
    file: 'File',
    original: 'Original (with device data; reading is logged)',
    shared: 'This copy is without device and place data; the original is kept by its SHA-256.',
    previous: 'Previous',
    next: 'Next',
    failed: 'The file could not be had',
  },
}
i18next.addResourceBundle('zh', 'translation', zhAttachments, true)
i18next.addResourceBundle('en', 'translation', enAttachments, true)
