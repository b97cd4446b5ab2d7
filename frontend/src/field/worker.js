// The field page's service worker: it opens the page without network. The build puts the list of files, and a name for exactly these, in place of the words below.
// It never keeps what the API says: the page does that itself, for the person who is logged in.
const FILES = __FILES__
const SHELL = 'field-__VERSION__'
const MAP = 'field-map'
const MAP_TILES = 800

self.addEventListener('install', (event) => {
  event.waitUntil(caches.open(SHELL).then((cache) => cache.addAll(FILES)))
})

self.addEventListener('activate', (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) => Promise.all(names.filter((name) => name.startsWith('field-') && name !== SHELL && name !== MAP).map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  )
})

self.addEventListener('message', (event) => {
  if (event.data === 'take over') self.skipWaiting()
})

self.addEventListener('fetch', (event) => {
  const { request } = event
  const url = new URL(request.url)
  if (request.method !== 'GET' || url.origin !== self.location.origin) return
  if (request.mode === 'navigate') {
    if (/^\/field(\/|$)/.test(url.pathname)) event.respondWith(fromShell(request, '/index.html'))
  } else if (FILES.includes(url.pathname)) event.respondWith(fromShell(request, url.pathname))
  else if (url.pathname.startsWith('/tiles/basemap/')) event.respondWith(mapTile(event))
})

async function fromShell(request, path) {
  const cache = await caches.open(SHELL)
  return (await cache.match(path)) ?? fetch(request)
}

/** The basemap is the same for everybody. Without network the last one that was seen is shown. */
async function mapTile(event) {
  const { request } = event
  try {
    const answer = await fetch(request)
    if (answer.status === 200) {
      const copy = answer.clone()
      event.waitUntil(keepTile(request.url, copy))
    }
    return answer
  } catch (error) {
    const kept = await (await caches.open(MAP)).match(request.url)
    if (kept) return kept
    throw error
  }
}

async function keepTile(url, answer) {
  const cache = await caches.open(MAP)
  await cache.put(url, answer)
  const all = await cache.keys()
  for (const old of all.slice(0, Math.max(0, all.length - MAP_TILES))) await cache.delete(old)
}

// Notifications. They tell of which case, and why; what it is about is read in the page, by whoever may. Where a page is in front, it tells itself.
const WHY = {
  zh: { severity: ['', '一级', '二级', '三级'], task: '新任务', call_off: '任务已撤回', urge: '催办', message: '新消息', escalation: '任务无人签收' },
  en: { severity: ['', 'Severity 1', 'Severity 2', 'Severity 3'], task: 'New task', call_off: 'Task called off', urge: 'Urged', message: 'New message', escalation: 'Task not acknowledged' },
}

self.addEventListener('push', (event) => event.waitUntil(show(event.data ? event.data.json() : {})))

self.addEventListener('message', (event) => {
  if (event.data?.note) event.waitUntil(show(event.data.note))
})

function show({ kind, incident, number, title, severity }) {
  const words = /^en/.test(self.navigator.language) ? WHY.en : WHY.zh
  return self.registration.showNotification(words[kind] ?? '望楼', {
    body: [words.severity[severity], title, number].filter(Boolean).join(' · '),
    tag: `${kind}-${incident}`, // told in two ways it is one
    renotify: true,
    icon: '/favicon.svg',
    data: { kind, incident },
  })
}

self.addEventListener('notificationclick', (event) => {
  event.notification.close()
  const { kind, incident } = event.notification.data ?? {}
  event.waitUntil(open(kind, incident))
})

/** The page that is open comes to the front; else one is opened: the phone's for its unit, the case for the desk. */
async function open(kind, incident) {
  const pages = await self.clients.matchAll({ type: 'window', includeUncontrolled: true })
  const here = pages.find((page) => new URL(page.url).pathname.startsWith('/field')) ?? pages[0]
  if (here) return here.focus()
  return self.clients.openWindow(kind === 'escalation' && incident ? `/?sel=incident/${incident}` : '/field')
}
