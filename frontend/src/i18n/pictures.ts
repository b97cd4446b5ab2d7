import i18next from 'i18next'

// Why a large picture of the map could not be made.
const zh = {
  error: {
    reason: {
      picture_slow: '两分钟里没有画完一帧：换一台有显卡的电脑，或关掉一些图层再试',
      picture_failed: '浏览器画不出这么大的图：可能内存不足，请关掉其他页面，或选小一些的尺寸再试',
    },
  },
}
const en = {
  error: {
    reason: {
      picture_slow: 'No frame was drawn in two minutes: try on a computer with a graphics card, or with fewer layers',
      picture_failed: 'The browser cannot draw a picture of this size: memory may be short. Close other pages, or choose a smaller size',
    },
  },
}

i18next.addResourceBundle('zh', 'translation', zh, true)
i18next.addResourceBundle('en', 'translation', en, true)
