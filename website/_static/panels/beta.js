// The price of information: VAEs for several beta, their two loss terms, reconstructions and samples.
(function (B) {
  "use strict";
  const IN_USE = 0.02; // nats

  B.panel("beta", function (root) {
    const { el } = B, digits = B.digits(), { betas } = B.data.betas, models = B.data.betas.models.map((data) => new B.Coder(data));
    const latents = models[0].latent, eps = B.normals(0, 0, digits.n * latents), results = models.map((model) => B.elboTerms(model, digits.pixels, eps, digits.n));
    const chosen = Array.from({ length: 10 }, (_, label) => B.ofClass(digits, label, 1)[0]), originals = B.rows(...chosen.map((i) => digits.at(i)));
    let index = betas.indexOf(1), seed = 0;

    const slider = B.slider({ label: "beta, the price of one nat", min: 0, max: betas.length - 1, step: 1, value: index, format: (i) => String(betas[i]), change: (i) => { index = i; refresh(); } });
    const pairs = B.sheet("bn-sheet", ""), samples = B.sheet("bn-sheet", ""), readout = B.readout();
    const curve = el("canvas", { role: "img", style: "width:100%;height:22rem" }), bars = el("canvas", { role: "img", style: "width:100%;height:8rem" });
    root.append(
      slider.node,
      readout,
      el("div", { class: "bn-row", style: "margin-top:1rem" },
        el("div", { class: "bn-grow" },
          el("div", { class: "bn-block" }, el("p", { class: "bn-title" }, "Test digits (top) and their reconstructions"), pairs.canvas),
          el("div", { class: "bn-block" }, el("p", { class: "bn-title" }, "Samples: codes from the prior, decoded"), samples.canvas),
          el("div", { class: "bn-buttons" }, B.button("Sample again", () => { seed++; refresh(); })),
          el("p", { class: "bn-title" }, "Rate of each latent, nats"), bars),
        el("div", { class: "bn-grow" }, el("p", { class: "bn-title" }, "Distortion and rate, nats per test digit"), curve)));

    const sampled = () => models[index].decode(B.normals(seed, 1, 20 * latents), 20);
    const active = () => results[index].rates.filter((rate) => rate > IN_USE).length;

    function refresh() {
      const model = models[index], { distortion, rate } = results[index], code = model.encode(originals, 10).mu;
      pairs.show(B.rows(originals, model.decode(code, 10)), 10, `ten test digits and below them their reconstructions at beta ${betas[index]}`);
      samples.show(sampled(), 10, `twenty samples of the VAE with beta ${betas[index]}`);
      readout.replaceChildren(
        `distortion ${B.fixed(distortion, 2)} + rate ${B.fixed(rate, 2)} = `, el("strong", {}, `${B.fixed(distortion + rate, 2)} nats`),
        ` (the negative ELBO); latents in use: `, el("strong", {}, `${active()} of ${latents}`));
      curve.setAttribute("aria-label", `Curve of distortion against rate for all beta. At beta ${betas[index]}: rate ${B.fixed(rate, 1)}, distortion ${B.fixed(distortion, 1)} nats.`);
      bars.setAttribute("aria-label", `Bars: rates of the latents, ${Array.from(results[index].rates, (value) => B.fixed(value, 2)).join(", ")} nats.`);
      draw();
    }

    function drawCurve() {
      const { context, width, height } = B.sharp(curve), theme = B.theme(), left = 42, bottom = 38, right = 14, top = 10;
      const most = 1.08 * Math.max(...results.map((r) => r.rate)), low = Math.floor(Math.min(...results.map((r) => r.distortion)) - 2), high = Math.ceil(Math.max(...results.map((r) => r.distortion)) + 2);
      const px = (rate) => left + (rate / most) * (width - left - right), py = (value) => top + ((high - value) / (high - low)) * (height - top - bottom);
      context.font = '13px "Source Sans 3", sans-serif';
      context.strokeStyle = theme.faint;
      context.fillStyle = theme.text;
      context.textAlign = "right";
      context.textBaseline = "middle";
      for (let tick = Math.ceil(low / 5) * 5; tick <= high; tick += 5) {
        context.beginPath(); context.moveTo(left, py(tick)); context.lineTo(width - right, py(tick)); context.stroke();
        context.fillText(tick, left - 6, py(tick));
      }
      context.textAlign = "center";
      context.textBaseline = "top";
      for (let tick = 0; tick <= most; tick += 5) context.fillText(tick, px(tick), height - bottom + 5);
      context.fillText("rate (KL)", (left + width) / 2, height - 18);
      context.save();
      context.translate(3, (height - bottom) / 2);
      context.rotate(-Math.PI / 2);
      context.fillText("distortion", 0, 0);
      context.restore();
      const now = results[index];  // the line on which distortion + beta x rate is constant touches the curve here
      context.setLineDash([4, 4]);
      context.strokeStyle = theme.accent;
      context.lineWidth = 1.5;
      context.save();
      context.beginPath(); context.rect(left, top, width - left - right, height - top - bottom); context.clip();
      context.beginPath();
      context.moveTo(px(0), py(now.distortion + betas[index] * now.rate));
      context.lineTo(px(most), py(now.distortion + betas[index] * (now.rate - most)));
      context.stroke();
      context.restore();
      context.setLineDash([]);
      context.strokeStyle = theme.line;
      context.lineWidth = 2;
      context.beginPath();
      results.forEach((r, i) => (i ? context.lineTo(px(r.rate), py(r.distortion)) : context.moveTo(px(r.rate), py(r.distortion))));
      context.stroke();
      results.forEach((r, i) => {
        context.beginPath();
        context.arc(px(r.rate), py(r.distortion), i === index ? 7 : 4, 0, 2 * Math.PI);
        context.fillStyle = i === index ? theme.strong : theme.line;
        context.fill();
      });
    }

    function drawBars() {
      const { context, width, height } = B.sharp(bars), theme = B.theme(), bottom = 20, most = Math.max(2.2, ...results[index].rates);
      const step = width / latents;
      context.font = '13px "Source Sans 3", sans-serif';
      context.textAlign = "center";
      results[index].rates.forEach((rate, i) => {
        const tall = Math.max(1.5, (rate / most) * (height - bottom - 18));
        context.fillStyle = rate > IN_USE ? theme.strong : theme.line;
        context.fillRect(i * step + 0.18 * step, height - bottom - tall, 0.64 * step, tall);
        context.fillStyle = theme.text;
        context.fillText(B.fixed(rate, 1), (i + 0.5) * step, height - bottom - tall - 5);
        context.fillText(`z${"₁₂₃₄₅₆₇₈"[i]}`, (i + 0.5) * step, height - 5);
      });
    }

    function draw() { drawCurve(); drawBars(); }

    refresh();
    return {
      redraw() { pairs.draw(); samples.draw(); draw(); },
      state: () => ({ beta: betas[index], seed, distortion: results[index].distortion, rate: results[index].rate, rates: Array.from(results[index].rates), active: active(), chosen, samples: Array.from(sampled()) }),
    };
  });
})(Bottleneck);
