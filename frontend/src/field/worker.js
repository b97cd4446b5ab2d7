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
