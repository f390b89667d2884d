// Fetches the page again when something has changed, and puts its parts in place of ours; not a part that somebody is at.
(() => {
  const link = document.getElementById("link");
  const tell = (state, text) => { if (link.textContent !== text) { link.className = "link " + state; link.textContent = text; } };
  let due = 0, under_way = false, refreshes = 0;
  const refresh = async () => {
    due = 0;
    if (under_way) return soon();
    under_way = true;
    try {
      const url = new URL(location.href);
      url.searchParams.delete("done");
      const answer = await fetch(url, { cache: "no-store" });
      if (!answer.ok) return tell("lost", "The vendor does not answer as it should");
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const part of document.querySelectorAll("[data-live]")) {
        const fresh = page.getElementById(part.id);
        if (fresh && !part.contains(document.activeElement) && fresh.innerHTML !== part.innerHTML) part.replaceChildren(...fresh.childNodes);
      }
      document.documentElement.dataset.refreshed = ++refreshes; // for the test
    } catch {
      tell("lost", "The vendor is gone");
    } finally {
      under_way = false;
    }
  };
  const soon = () => { due ||= setTimeout(refresh, 200); };
  const changes = new EventSource(document.currentScript.dataset.changes);
  changes.addEventListener("changed", soon);
  changes.onopen = () => { tell("live", "Live"); soon(); };
  changes.onerror = () => tell("lost", "The vendor is gone; trying again");
  setInterval(() => document.hidden || soon(), 5000); // ages and clocks move on by themselves
})();
