// Latent-space explorer: a point in the plane of codes, and the digit that the decoder draws there.
(function (B) {
  "use strict";

  B.panel("latent", function (root) {
    const { el } = B, digits = B.digits(), models = { ae2: new B.Coder(B.data.explorer.ae2), vae2: new B.Coder(B.data.explorer.vae2) };
    const maps = {};
    for (const [name, model] of Object.entries(models)) {
      const codes = model.encode(digits.pixels, digits.n).mu;
      maps[name] = { model, codes, reach: 1.06 * codes.reduce((most, value) => Math.max(most, Math.abs(value)), 0) };
    }
    let current = "ae2", show = "codes", z = [0, 0];

    const canvas = el("canvas", { "aria-hidden": "true" });
    const plane = el("div", { class: "bn-plane", tabindex: "0", role: "application", "aria-label": "Plane of codes. Arrow keys move the point, with Shift in larger steps." }, canvas);
    const digit = B.sheet("bn-digit", "the decoded digit"), nearest = B.sheet("bn-digit", "the nearest test digit");
    nearest.canvas.style.maxWidth = "5.5rem";
    const readout = B.readout();
    const sliders = [0, 1].map((axis) => B.slider({ label: axis ? "z₂ (up)" : "z₁ (right)", min: -1, max: 1, step: 0.01, value: 0, format: (v) => B.fixed(v, 2), change: (v) => { z[axis] = v; refresh(); } }));
    const kind = B.choice({ label: "Model", options: { ae2: "Autoencoder", vae2: "VAE" }, value: current, change: (key) => { current = key; adopt([0, 0]); } });
    const layer = B.choice({ label: "In the plane", options: { codes: "test digits", map: "what is drawn there" }, value: show, change: (key) => { show = key; redraw(); } });

    root.append(
      el("div", { class: "bn-row" }, kind.node, layer.node),
      el("div", { class: "bn-row" },
        el("div", { class: "bn-grow" }, plane, el("p", { class: "bn-hint" }, "Drag, click, or focus the plane and use the arrow keys.")),
        el("div", { class: "bn-side" },
          el("p", { class: "bn-title" }, "The decoder draws"), digit.canvas, readout,
          el("p", { class: "bn-title", style: "margin-top:.9rem" }, "Nearest test digit"), nearest.canvas,
          el("div", { style: "margin-top:.9rem" }, sliders[0].node, sliders[1].node))));

    const reach = () => maps[current].reach;
    const clamp = (value) => Math.min(reach(), Math.max(-reach(), value));

    function adopt(point) {
      sliders.forEach((slider) => slider.limits(-reach(), reach(), "any"));
      background = null;
      move(point);
      redraw();
    }

    function move(point) {
      z = point.map(clamp);
      sliders.forEach((slider, axis) => slider.set(z[axis]));
      refresh();
    }

    function closest() {
      const codes = maps[current].codes;
      let best = 0, least = Infinity;
      for (let i = 0; i < digits.n; i++) {
        const away = (codes[2 * i] - z[0]) ** 2 + (codes[2 * i + 1] - z[1]) ** 2;
        if (away < least) { least = away; best = i; }
      }
      return { index: best, distance: Math.sqrt(least) };
    }

    function refresh() {
      const pixels = maps[current].model.decode(Float64Array.from(z), 1), near = closest(), label = digits.labels[near.index];
      digit.show(pixels, 1, `digit decoded at z = (${B.fixed(z[0], 2)}, ${B.fixed(z[1], 2)})`);
      nearest.show(digits.at(near.index), 1, `nearest test digit, a ${label}`);
      readout.replaceChildren(el("strong", {}, `z = (${B.fixed(z[0], 2)}, ${B.fixed(z[1], 2)})`), el("br"), `nearest test digit: a ${label}, ${B.fixed(near.distance, 2)} away`);
      drawPoint();
    }

    let background = null;
    function drawBackground(context, size) {
      const theme = B.theme(), scale = size / (2 * reach());
      if (show === "map") {
        const count = 17, cell = size / count, model = maps[current].model, points = new Float64Array(2 * count * count);
        for (let i = 0; i < count * count; i++) {
          points[2 * i] = ((i % count) + 0.5) / count * 2 * reach() - reach();
          points[2 * i + 1] = reach() - (Math.floor(i / count) + 0.5) / count * 2 * reach();
        }
        const sheet = B.sheet("", "");
        sheet.show(model.decode(points, count * count), count);
        context.imageSmoothingEnabled = false;
        context.drawImage(sheet.canvas, 0, 0, size + cell / 9, size + cell / 9);
        return;
      }
      context.strokeStyle = theme.faint;
      context.lineWidth = 1;
      for (let tick = Math.ceil(-reach()); tick <= reach(); tick++) {
        const at = size / 2 + tick * scale;
        context.globalAlpha = tick === 0 ? 1 : 0.45;
        context.beginPath();
        context.moveTo(at, 0); context.lineTo(at, size);
        context.moveTo(0, at); context.lineTo(size, at);
        context.stroke();
      }
      context.globalAlpha = 1;
      context.font = `600 ${Math.max(10, size / 38)}px "Source Sans 3", sans-serif`;
      context.textAlign = "center";
      context.textBaseline = "middle";
      const codes = maps[current].codes;
      for (let i = 0; i < digits.n; i++) {
        context.fillStyle = theme.classes[digits.labels[i]];
        context.fillText(digits.labels[i], size / 2 + codes[2 * i] * scale, size / 2 - codes[2 * i + 1] * scale);
      }
    }

    function drawPoint() {
      const { context, width: size } = B.sharp(canvas), theme = B.theme(), scale = size / (2 * reach());
      if (!background || background.size !== size) {
        const copy = el("canvas");
        copy.width = canvas.width;
        copy.height = canvas.height;
        const drawing = copy.getContext("2d");
        drawing.scale(canvas.width / size, canvas.width / size);
        drawBackground(drawing, size);
        background = { copy, size };
      }
      context.drawImage(background.copy, 0, 0, size, size);
      const x = size / 2 + z[0] * scale, y = size / 2 - z[1] * scale;
      for (const [radius, width, colour] of [[10, 5, theme.dark ? "#14121f" : "#ffffff"], [10, 2.5, theme.strong]]) {
        context.beginPath();
        context.arc(x, y, radius, 0, 2 * Math.PI);
        context.lineWidth = width;
        context.strokeStyle = colour;
        context.stroke();
      }
    }

    function redraw() {
      background = null;
      digit.draw();
      nearest.draw();
      drawPoint();
    }

    const pointed = (event) => {
      const box = canvas.getBoundingClientRect();
      return [((event.clientX - box.left) / box.width) * 2 * reach() - reach(), reach() - ((event.clientY - box.top) / box.height) * 2 * reach()];
    };
    plane.addEventListener("pointerdown", (event) => {
      plane.setPointerCapture(event.pointerId);
      plane.focus({ preventScroll: true });
      move(pointed(event));
      event.preventDefault();
    });
    plane.addEventListener("pointermove", (event) => { if (plane.hasPointerCapture(event.pointerId)) move(pointed(event)); });
    plane.addEventListener("keydown", (event) => {
      const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
      if (!way) return;
      const size = (event.shiftKey ? 0.1 : 0.02) * reach();
      move([z[0] + way[0] * size, z[1] + way[1] * size]);
      event.preventDefault();
    });

    adopt([0, 0]);
    return { redraw, move, state: () => ({ model: current, z: [...z], reach: reach(), pixels: Array.from(maps[current].model.decode(Float64Array.from(z), 1)), nearest: closest().index }) };
  });
})(Bottleneck);
