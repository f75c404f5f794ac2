// Whatever is wider than its place scrolls by itself, and then the keyboard must reach it.
(function () {
  "use strict";
  const SCROLLERS = "div.highlight pre, .table-wrapper, .cell_output pre, .cell_output .text_html, mjx-container[display], mjx-container.wide";

  function reachable() {
    document.querySelectorAll("article p mjx-container:not([display]), article li mjx-container:not([display])").forEach((formula) => {
      const room = formula.closest("p, li").clientWidth;
      if (room && formula.firstElementChild.getBoundingClientRect().width > room) formula.classList.add("wide");
    });
    document.querySelectorAll(SCROLLERS).forEach((box) => {
      if (box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight) box.tabIndex = 0;
      else if (box.getAttribute("tabindex") === "0") box.removeAttribute("tabindex");
    });
  }

  // The page grows when formulas are set, pictures come in or a fold opens.
  let waiting = null;
  new ResizeObserver(() => {
    clearTimeout(waiting);
    waiting = setTimeout(reachable, 20);
  }).observe(document.querySelector("article") || document.body);
})();
