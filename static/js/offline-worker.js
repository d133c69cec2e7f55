// Opens the kept page when the network is gone. `kept` comes from the address that
// registers this: a version, the page, and the files that it needs. Nothing else is
// kept, above all no page with data; and the network always goes first.

const NAME = `perennial-${self.kept.version}`;
const files = new Set(self.kept.assets);

self.addEventListener("install", (event) => {
  // Without the cookies, so that the page is nobody's.
  const fresh = [self.kept.page, ...self.kept.assets].map(
    (url) => new Request(url, { credentials: "omit", cache: "reload" }),
  );
  event.waitUntil(
    caches
      .open(NAME)
      .then((cache) => cache.addAll(fresh))
      .then(() => self.skipWaiting()),
  );
});

self.addEventListener("activate", (event) => {
  const forget = (names) =>
    Promise.all(names.filter((name) => name !== NAME).map((name) => caches.delete(name)));
  event.waitUntil(caches.keys().then(forget).then(() => self.clients.claim()));
});

const keptCopy = (url) => caches.match(url, { ignoreVary: true });

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET") return;
  const url = new URL(request.url);
  if (url.origin !== self.location.origin) return;
  if (request.mode === "navigate") {
    const otherwise = () => keptCopy(self.kept.page).then((page) => page ?? Response.error());
    event.respondWith(fetch(request).catch(otherwise));
  } else if (files.has(url.pathname)) {
    const otherwise = () => keptCopy(url.pathname).then((file) => file ?? Response.error());
    event.respondWith(fetch(request).catch(otherwise));
  }
});
