// From one digit to another: by mixing pixels, along a line of codes, along an arc of codes.
(function (B) {
  "use strict";
  const STEPS = 11;

  B.panel("interpolate", function (root) {
    const { el } = B, digits = B.digits(), { betas } = B.data.betas;
    const model = new B.Coder(B.data.betas.models[betas.indexOf(0.1)]);
    const ends = [{ label: 3, turn: 0 }, { label: 8, turn: 0 }];
    let position = 0.5;
    const indexOf = (end) => { const all = B.ofClass(digits, end.label, 50); return all[end.turn % all.length]; };

    function picker(which) {
      const end = ends[which], box = el("div", { class: "bn-grow" }), thumb = B.sheet("bn-digit", "");
      thumb.canvas.style.maxWidth = "4.5rem";
      const choose = B.select({ label: which ? "To a" : "From a", options: Object.fromEntries(Array.from({ length: 10 }, (_, d) => [d, String(d)])), value: end.label, change: (key) => { end.label = Number(key); end.turn = 0; refresh(); } });
      box.append(el("div", { class: "bn-ends" }, thumb.canvas, choose.node, B.button(which ? "Another end" : "Another start", () => { end.turn++; refresh(); })));
      return { box, thumb };
    }
    const pickers = [picker(0), picker(1)];
    const names = { pixels: "Mixed pixels", line: "Mixed codes, straight line", arc: "Mixed codes, arc" };
    const strips = {}, singles = {}, blocks = [], large = [];
    for (const [key, text] of Object.entries(names)) {
      strips[key] = B.sheet("bn-sheet", "");
      singles[key] = B.sheet("bn-digit", "");
      blocks.push(el("div", { class: "bn-block" }, el("p", { class: "bn-title" }, text), strips[key].canvas));
      large.push(el("figure", { style: "margin:0;flex:1 1 6rem;max-width:11rem" }, singles[key].canvas, el("figcaption", { class: "bn-hint" }, text)));
    }
    const place = B.slider({ label: "Place on the way", min: 0, max: 1, step: 0.01, value: position, format: (v) => `${Math.round(100 * v)} %`, change: (v) => { position = v; refresh(); } });
    const readout = B.readout();
    root.append(el("div", { class: "bn-row" }, pickers[0].box, pickers[1].box), ...blocks, place.node, el("div", { class: "bn-row" }, ...large), readout);

    function at(s) {
      const [a, b] = ends.map((end) => digits.at(indexOf(end))), za = model.encode(a, 1).mu, zb = model.encode(b, 1).mu;
      return { pixels: B.line(a, b, s), line: model.decode(B.line(za, zb, s), 1), arc: model.decode(B.arc(za, zb, s), 1), codes: { line: B.line(za, zb, s), arc: B.arc(za, zb, s) } };
    }

    function refresh() {
      const stops = Array.from({ length: STEPS }, (_, i) => at(i / (STEPS - 1))), here = at(position), words = `from a ${ends[0].label} to a ${ends[1].label}`;
      const length = (v) => Math.sqrt(v.reduce((sum, value) => sum + value * value, 0));
      pickers.forEach((picker, i) => picker.thumb.show(digits.at(indexOf(ends[i])), 1, `the ${i ? "end" : "start"}, a ${ends[i].label}`));
      for (const [key, text] of Object.entries(names)) {
        strips[key].show(B.rows(...stops.map((stop) => stop[key])), STEPS, `${text}: ${STEPS} pictures ${words}`);
        singles[key].show(here[key], 1, `${text}, ${Math.round(100 * position)} percent of the way ${words}`);
      }
      readout.replaceChildren("length of the code here: ", el("strong", {}, B.fixed(length(here.codes.line), 2)), " on the line, ", el("strong", {}, B.fixed(length(here.codes.arc), 2)), " on the arc");
    }

    refresh();
    return {
      redraw() { pickers.forEach((picker) => picker.thumb.draw()); for (const key of Object.keys(names)) { strips[key].draw(); singles[key].draw(); } },
      state: () => { const here = at(position); return { ends: ends.map(indexOf), position, pixels: Array.from(here.pixels), line: Array.from(here.line), arc: Array.from(here.arc) }; },
    };
  });
})(Bottleneck);
