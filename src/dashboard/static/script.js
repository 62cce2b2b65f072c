// memgate: keeps the part of a page that is marked as live up to date. Pages work without it.
(() => {
  "use strict";
  const region = document.getElementById("live");
  const toggle = document.getElementById("live-switch");
  const state = document.getElementById("live-state");
  if (!region || !toggle || !state || !window.EventSource) return;

  const PAUSE = 2000; // Milliseconds between two updates at least.
  const key = "memgate-live:" + location.pathname;
  let source = null;
  let timer = null;
  let last = 0;
  let busy = false;

  const say = (text) => {
    if (state.textContent !== text) state.textContent = text;
  };

  // What the reader has opened, scrolled and focused stays so.
  const remember = () => ({
    open: [...region.querySelectorAll("details[id]")].filter((d) => d.open).map((d) => d.id),
    scrolled: [...region.querySelectorAll("[role=region]")].map((r) => [r.getAttribute("aria-label"), r.scrollLeft, r.scrollTop]),
    focus: region.contains(document.activeElement) ? describe(document.activeElement) : null,
  });
  const describe = (element) => {
    const label = element.getAttribute("aria-label");
    const all = [...region.querySelectorAll(element.tagName)];
    return { tag: element.tagName, id: element.id, label, href: element.getAttribute("href"), place: all.indexOf(element) };
  };
  const find = (wanted) => {
    const all = [...region.querySelectorAll(wanted.tag)];
    return all.find((e) => (wanted.id && e.id === wanted.id)
      || (wanted.label && e.getAttribute("aria-label") === wanted.label)
      || (wanted.href && e.getAttribute("href") === wanted.href)) || all[wanted.place];
  };
  const restore = (kept) => {
    for (const id of kept.open) {
      const details = document.getElementById(id);
      if (details) details.open = true;
    }
    for (const [label, left, top] of kept.scrolled) {
      const scrolled = [...region.querySelectorAll("[role=region]")].find((r) => r.getAttribute("aria-label") === label);
      if (scrolled) { scrolled.scrollLeft = left; scrolled.scrollTop = top; }
    }
    const focused = kept.focus && find(kept.focus);
    if (focused) focused.focus({ preventScroll: true });
  };

  const selecting = () => {
    const selection = document.getSelection();
    return selection && !selection.isCollapsed && region.contains(selection.anchorNode);
  };

  const update = async () => {
    timer = null;
    if (busy || !source || document.hidden || selecting()) return;
    busy = true;
    last = Date.now();
    try {
      const answer = await fetch(location.href, { headers: { accept: "text/html" }, redirect: "manual" });
      if (answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403) {
        stop();
        say("Signed out: load the page anew");
      } else if (answer.ok) {
        const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("live");
        if (!fresh) {
          stop();
          say("Signed out: load the page anew");
        } else if (source) {
          const kept = remember();
          region.replaceChildren(...fresh.childNodes);
          restore(kept);
          say("Updating");
        }
      }
    } catch {
      say("Connection lost, trying again");
    } finally {
      busy = false;
    }
  };

  const soon = () => {
    if (timer === null) timer = setTimeout(update, Math.max(0, last + PAUSE - Date.now()));
  };

  const start = () => {
    source = new EventSource("/v1/events");
    source.addEventListener("open", () => say("Updating"));
    source.addEventListener(region.dataset.event, soon);
    source.addEventListener("error", () => {
      if (!source) return;
      const gone = source.readyState === EventSource.CLOSED;
      if (gone) stop();
      say(gone ? "Live updates are not to be had" : "Connection lost, trying again");
    });
    toggle.setAttribute("aria-pressed", "true");
    say("Connecting");
  };

  const stop = () => {
    if (source) source.close();
    source = null;
    clearTimeout(timer);
    timer = null;
    toggle.setAttribute("aria-pressed", "false");
    say("Paused");
  };

  toggle.addEventListener("click", () => {
    if (source) stop(); else start();
    sessionStorage.setItem(key, source ? "on" : "off");
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && source) soon();
  });
  toggle.hidden = false;
  const wanted = sessionStorage.getItem(key) || region.dataset.live;
  if (wanted === "on") start(); else say("");
})();
