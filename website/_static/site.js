// Whatever is wider than its place scrolls by itself; then the keyboard must reach it. And links to pages outside open as such.
(function () {
  "use strict";
  const SCROLLERS = "div.highlight pre, div.math, .table-wrapper, .cell_output pre, .output pre, mjx-container";

  function reachable() {
    document.querySelectorAll(SCROLLERS).forEach((box) => {
      if (box.scrollWidth > box.clientWidth + 1 || box.scrollHeight > box.clientHeight + 1) {
        box.tabIndex = 0;
      } else if (box.getAttribute("tabindex") === "0") {
        box.removeAttribute("tabindex");
      }
    });
  }

  window.addEventListener("load", () => {
    const typeset = window.MathJax && window.MathJax.startup && window.MathJax.startup.promise;
    Promise.resolve(typeset).then(reachable);
  });
  window.addEventListener("resize", reachable);
  document.addEventListener("toggle", reachable, true);
})();
