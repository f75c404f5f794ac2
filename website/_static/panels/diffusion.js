// Diffusion player: time forward into noise and back, in the plane with the exact predictor and on digits with a small network.
(function (B) {
  "use strict";
  const POINTS = 700, PICTURES = 16, REACH = 2.9;

  // The two worlds: how to draw clean data, what predicts the noise, how many numbers one item has.
  function worlds(digits) {
    const toys = Object.fromEntries(Object.entries(B.data.toys).map(([name, data]) => [name, new B.Mixture(data)]));
    const denoiser = new B.Denoiser(B.data.denoiser);
    return {
      plane: (toy) => ({ count: POINTS, size: 2, model: toys[toy], draw: (seed) => toys[toy].draw(POINTS, seed) }),
      digits: () => ({
        count: PICTURES, size: 64, model: denoiser,
        draw(seed) {
          const next = B.uniforms(seed);
          return B.rows(...Array.from({ length: PICTURES }, () => digits.at(Math.floor(next() * digits.n)))).map((value) => 2 * value - 1);
        },
      }),
    };
  }

  B.panel("diffusion", function (root) {
    const { el } = B, digits = B.digits(), make = worlds(digits);
    const set = { where: "plane", toy: "spiral", way: "reverse", schedule: "cosine", steps: 50, eta: 1, seed: 1 };
    let world = null, stops = null, states = [], at = 0, timer = null;

    // ---- the chain ----

    function restart() {
      world = set.where === "plane" ? make.plane(set.toy) : make.digits();
      stops = B.stops(set.schedule, set.steps);
      const n = world.count * world.size;
      states = new Array(set.steps + 1);
      if (set.way === "forward") states[0] = world.draw(set.seed);
      else states[set.steps] = B.normals(set.seed, 0, n);
      at = set.way === "forward" ? 0 : set.steps;
      time.limits(0, set.steps, 1);
      time.set(at);
      refresh();
    }

    const predicted = (i) => world.model.predict(stateAt(i), stops.bars[i], world.count);

    // The state at stop i, from the nearest one that is known; each step has a stream of noise of its own.
    function stateAt(i) {
      const n = world.count * world.size;
      if (states[i]) return states[i];
      if (set.way === "forward") {
        for (let j = 1; j <= i; j++) if (!states[j]) states[j] = B.noiseStep(states[j - 1], stops.bars[j - 1], stops.bars[j], B.normals(set.seed, j + 1, n));
      } else {
        for (let j = set.steps - 1; j >= i; j--) {
          if (!states[j]) states[j] = B.denoiseStep(world.model.predict(states[j + 1], stops.bars[j + 1], world.count), stops.bars[j + 1], stops.bars[j], set.eta, B.normals(set.seed, j + 1, n));
        }
      }
      return states[i];
    }

    // ---- controls ----

    const change = (key, convert = (value) => value) => (value) => { set[key] = convert(value); stop(); restart(); arrange(); };
    const where = B.choice({ label: "Data", options: { plane: "points in the plane", digits: "digits" }, value: set.where, change: change("where") });
    const way = B.choice({ label: "Direction", options: { forward: "forward, into noise", reverse: "reverse, out of noise" }, value: set.way, change: change("way") });
    const toy = B.select({ label: "Shape", options: { spiral: "two spirals", moons: "two moons", ring: "ring of eight", pair: "two blobs, three to one" }, value: set.toy, change: change("toy") });
    const schedule = B.select({ label: "Schedule", options: { cosine: "cosine", linear: "linear, T = 1000", short: "linear, cut at T = 100" }, value: set.schedule, change: change("schedule") });
    const steps = B.select({ label: "Steps", options: Object.fromEntries([5, 10, 20, 50, 100].map((n) => [n, String(n)])), value: set.steps, change: change("steps", Number) });
    const sampler = B.choice({ label: "Sampler", options: { ancestral: "ancestral", ddim: "DDIM" }, value: "ancestral", change: change("eta", (name) => (name === "ddim" ? 0 : 1)) });
    const time = B.slider({ label: "Time t", min: 0, max: set.steps, step: 1, value: set.steps, format: (i) => (stops ? `${stops.times[i]} of ${stops.T}` : ""), change: (i) => { stop(); at = i; refresh(); } });
    const arrows = B.checkbox({ label: "arrows: where the predictor would take a point", checked: true, change: () => draw() });
    const play = B.button("Play", () => (timer ? stop() : start()), true);
    const back = B.button("Step back", () => { stop(); go(set.way === "forward" ? -1 : 1); }), on = B.button("Step on", () => { stop(); go(set.way === "forward" ? 1 : -1); });
    const again = B.button("New noise", () => { set.seed++; stop(); restart(); });

    const canvas = el("canvas", { role: "img", "aria-label": "" }), plane = el("div", { class: "bn-plane", style: "touch-action:auto;cursor:default" }, canvas);
    const noisy = B.sheet("bn-sheet", ""), guess = B.sheet("bn-sheet", ""), readout = B.readout();
    const pair = el("div", { class: "bn-row" },
      el("div", { style: "flex:1 1 11rem" }, el("p", { class: "bn-title" }, "The pictures at time t"), noisy.canvas),
      el("div", { style: "flex:1 1 11rem" }, el("p", { class: "bn-title" }, "The network's guess of the clean ones"), guess.canvas));
    const strays = el("p", { class: "bn-hint" }, "Strays are further than three standard deviations from every centre.");
    const curve = el("canvas", { role: "img", style: "width:100%;height:8.5rem" });
    root.append(
      el("div", { class: "bn-row" }, where.node, way.node),
      el("div", { class: "bn-row" },
        el("div", { class: "bn-grow" }, plane, pair,
          time.node, el("div", { class: "bn-buttons" }, play, back, on, again)),
        el("div", { class: "bn-side" }, toy.node, schedule.node, steps.node, sampler.node, arrows.node,
          el("p", { class: "bn-title", style: "margin-top:.6rem" }, "Signal left, ᾱ over time"), curve, readout, strays)));

    function arrange() {
      plane.hidden = strays.hidden = toy.node.hidden = arrows.node.hidden = set.where !== "plane";
      pair.hidden = set.where !== "digits";
      sampler.node.hidden = set.way === "forward";
      redraw();
    }

    // ---- playing ----

    const end = () => (set.way === "forward" ? set.steps : 0);

    function start() {
      if (at === end()) { at = set.way === "forward" ? 0 : set.steps; }
      play.textContent = "Pause";
      const beat = Math.max(30, 2500 / set.steps);
      timer = setInterval(() => { if (at === end()) stop(); else go(set.way === "forward" ? 1 : -1); }, beat);
      refresh();
    }

    function stop() {
      clearInterval(timer);
      timer = null;
      play.textContent = "Play";
    }

    function go(by) {
      at = Math.min(set.steps, Math.max(0, at + by));
      time.set(at);
      refresh();
    }

    // ---- pictures ----

    function refresh() {
      const bar = stops.bars[at], snr = bar / (1 - bar);
      const parts = [el("strong", {}, `t = ${stops.times[at]}`), el("br"), `ᾱ = ${bar < 0.001 ? bar.toExponential(1).replace("-", "\u2212") : B.fixed(bar, 3)}`, el("br"), `signal to noise ${at === 0 ? "∞" : snr < 0.001 ? snr.toExponential(1).replace("-", "\u2212") : snr.toPrecision(3)}`];
      if (set.where === "plane") parts.push(el("br"), `strays ${B.fixed(100 * world.model.strays(stateAt(at), bar, POINTS), 1)} % (data: at most 1.1)`);
      if (set.where === "plane" && set.toy === "pair") parts.push(el("br"), `right of the middle ${B.fixed(100 * rightShare(), 1)} % (data: 75)`);
      readout.replaceChildren(...parts);
      readout.setAttribute("aria-live", timer ? "off" : "polite");
      back.disabled = at === set.steps - end();
      on.disabled = at === end();
      draw();
    }

    const rightShare = () => stateAt(at).filter((value, i) => i % 2 === 0 && value > 0).length / POINTS;

    function draw() {
      if (set.where === "plane") drawPlane();
      else {
        const x = stateAt(at), words = `time ${stops.times[at]} of ${stops.T}`;
        noisy.show(x.map((value) => (value + 1) / 2), 4, `sixteen pictures at ${words}`);
        guess.show((at === 0 ? x : predicted(at).clean).map((value) => (value + 1) / 2), 4, `the network's guesses of the clean pictures at ${words}`);
      }
      drawCurve();
    }

    function drawPlane() {
      const { context, width } = B.sharp(canvas), theme = B.theme(), scale = width / (2 * REACH), place = (x, y) => [width / 2 + x * scale, width / 2 - y * scale];
      canvas.setAttribute("aria-label", `${POINTS} points in the plane at time ${stops.times[at]} of ${stops.T}, ${set.way} direction`);
      const { centres, count } = world.model;
      context.fillStyle = theme.faint;
      for (let c = 0; c < count; c++) {
        context.beginPath();
        context.arc(...place(centres[2 * c], centres[2 * c + 1]), Math.max(2.5, world.model.std * 1.6 * scale), 0, 2 * Math.PI);
        context.fill();
      }
      if (arrows.value && at > 0) drawArrows(context, theme, scale, place);
      const x = stateAt(at);
      context.fillStyle = theme.strong;
      context.globalAlpha = 0.75;
      for (let r = 0; r < POINTS; r++) {
        context.beginPath();
        context.arc(...place(x[2 * r], x[2 * r + 1]), 2.2, 0, 2 * Math.PI);
        context.fill();
      }
      context.globalAlpha = 1;
    }

    // At each place of a grid, a third of the way from there to the mean of the (shrunk) clean points that could have led to it.
    function drawArrows(context, theme, scale, place) {
      const side = 15, grid = new Float64Array(2 * side * side);
      for (let i = 0; i < side * side; i++) {
        grid[2 * i] = ((i % side) + 0.5) / side * 2 * REACH - REACH;
        grid[2 * i + 1] = (Math.floor(i / side) + 0.5) / side * 2 * REACH - REACH;
      }
      const { eps } = world.model.predict(grid, stops.bars[at], side * side), sin = Math.sqrt(1 - stops.bars[at]);
      context.strokeStyle = context.fillStyle = theme.accent;
      context.lineWidth = 1.2;
      for (let i = 0; i < side * side; i++) {
        const dx = (-sin * eps[2 * i]) / 3, dy = (-sin * eps[2 * i + 1]) / 3, length = Math.hypot(dx, dy);
        if (length < 0.02) continue;
        const shrink = Math.min(1, 0.3 / length), [x0, y0] = place(grid[2 * i], grid[2 * i + 1]), [x1, y1] = place(grid[2 * i] + dx * shrink, grid[2 * i + 1] + dy * shrink);
        const turn = Math.atan2(y1 - y0, x1 - x0);
        context.beginPath();
        context.moveTo(x0, y0);
        context.lineTo(x1, y1);
        context.stroke();
        context.beginPath();
        context.moveTo(x1, y1);
        context.lineTo(x1 - 5 * Math.cos(turn - 0.45), y1 - 5 * Math.sin(turn - 0.45));
        context.lineTo(x1 - 5 * Math.cos(turn + 0.45), y1 - 5 * Math.sin(turn + 0.45));
        context.fill();
      }
    }

    function drawCurve() {
      const { context, width, height } = B.sharp(curve), theme = B.theme(), bars = B.schedules[set.schedule], T = bars.length - 1, left = 26, bottom = 18, top = 8, right = 8;
      const px = (t) => left + (t / T) * (width - left - right), py = (value) => top + (1 - value) * (height - top - bottom);
      curve.setAttribute("aria-label", `Curve of alpha-bar, the share of signal left, falling from 1 at time 0 to ${bars[T].toPrecision(2)} at time ${T}; now ${stops.bars[at].toPrecision(2)}.`);
      context.strokeStyle = theme.faint;
      context.strokeRect(left, top, width - left - right, height - top - bottom);
      context.fillStyle = theme.text;
      context.font = '12px "Source Sans 3", sans-serif';
      context.textAlign = "right";
      context.fillText("1", left - 5, top + 8);
      context.fillText("0", left - 5, height - bottom);
      context.fillText(`T = ${T}`, width - right, height - 4);
      context.strokeStyle = theme.line;
      context.lineWidth = 2;
      context.beginPath();
      for (let t = 0; t <= T; t += Math.max(1, T / 100)) t === 0 ? context.moveTo(px(t), py(bars[t])) : context.lineTo(px(t), py(bars[Math.round(t)]));
      context.stroke();
      context.beginPath();
      context.arc(px(stops.times[at]), py(stops.bars[at]), 6, 0, 2 * Math.PI);
      context.fillStyle = theme.strong;
      context.fill();
    }

    function redraw() { if (stops) draw(); }

    restart();
    arrange();
    return {
      redraw,
      state: () => ({ ...set, at, playing: timer !== null, t: stops.times[at], bars: [...stops.bars], x: Array.from(stateAt(at)), eps: at ? Array.from(predicted(at).eps) : null }),
    };
  });
})(Bottleneck);
