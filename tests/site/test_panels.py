"""The panels: what they draw is what torch computes (to 1e-5), by mouse, touch and keyboard."""

import pytest
import torch
from twins import alpha_bars, normals, step_back, uniforms

from website.models import BETAS, elbo_terms
from website.toys import toys
from website.train_panels import saved_models
from workbook.data import digits8
from workbook.denoisers import ExactNoise
from workbook.schedule import NoiseSchedule

TOLERANCE = 1e-5
MODELS = saved_models()
DIGITS = digits8()
X = DIGITS.test_x.double()


def state(page, panel: str) -> dict:
    """What a panel says of itself."""
    return page.evaluate(f"Bottleneck.panels.{panel}.state()")


def close(seen, expected: torch.Tensor) -> bool:
    """Equal within the tolerance, entry by entry."""
    seen = torch.as_tensor(seen, dtype=torch.float64)
    return seen.shape == expected.shape and bool(((seen - expected).abs() <= TOLERANCE).all())


def slide(page, label: str, value: float) -> None:
    """Move a slider as a hand would end it: the value, then the event."""
    page.get_by_role("slider", name=label).evaluate(
        "(input, value) => { input.value = value; input.dispatchEvent(new Event('input', {bubbles: true})); }", value
    )


READ = """(canvas, at) => {
  const copy = document.createElement("canvas");
  copy.width = canvas.width; copy.height = canvas.height;
  const context = copy.getContext("2d", {willReadFrequently: true});
  context.drawImage(canvas, 0, 0);
  const [left, top, width, height] = at ?? [0, 0, copy.width, copy.height];
  return Array.from(context.getImageData(left, top, width, height).data).filter((_, i) => i % 4 === 0);
}"""  # the red channel, from a copy: the panel's own canvas keeps its way of drawing


def shown_pixels(page, selector: str, left: int = 0, top: int = 0) -> torch.Tensor:
    """Grey values of a digit on a sheet, from its colours (light theme: red is 248 where there is no ink and 40 where there is most)."""
    red = page.locator(selector).first.evaluate(READ, [left, top, 8, 8])
    return (248 - torch.tensor(red, dtype=torch.float64)) / (248 - 40)


@pytest.fixture
def panel(visit):
    """Open the page of a panel and wait for it."""

    def start(name: str, **options):
        page = visit(**{"color_scheme": "light"} | options).open(f"panels/{name}")
        page.wait_for_selector(f"#panel-{name}[data-ready=yes]")
        return page

    return start


# ---- latent-space explorer ----


@pytest.mark.parametrize("name, button", [("ae2", "Autoencoder"), ("vae2", "VAE")])
def test_a_click_draws_what_the_decoder_gives_there(panel, name, button):
    page = panel("latent")
    page.get_by_role("radio", name=button, exact=True).click()
    box = page.locator(".bn-plane").bounding_box()
    for right, down in [(0.5, 0.5), (0.3, 0.4), (0.62, 0.71), (0.9, 0.05)]:
        page.mouse.click(box["x"] + right * box["width"], box["y"] + down * box["height"])
        now = state(page, "latent")
        assert now["model"] == name
        assert now["z"] == pytest.approx([(2 * right - 1) * now["reach"], (1 - 2 * down) * now["reach"]], abs=0.02 * now["reach"])
        expected = MODELS[name].decode(torch.tensor([now["z"]], dtype=torch.float64))[0]
        assert close(now["pixels"], expected)
        assert (shown_pixels(page, "canvas.bn-digit") - expected).abs().max() <= 0.5 / 208 + 1e-9  # half a step of the red channel
        codes = MODELS[name].encode(X)[0]
        assert now["nearest"] == (codes - torch.tensor(now["z"])).square().sum(1).argmin()
        assert f"a {DIGITS.test_y[now['nearest']]}" in page.locator(".bn-readout").inner_text()


def test_a_drag_moves_the_point_and_leaving_does_not_lose_it(panel):
    page = panel("latent")
    box = page.locator(".bn-plane").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + box["width"] / 4, y, steps=5)
    assert state(page, "latent")["z"] == pytest.approx([state(page, "latent")["reach"] / 2, 0], abs=0.05)
    page.mouse.move(x + 3 * box["width"], y, steps=3)
    assert state(page, "latent")["z"][0] == pytest.approx(state(page, "latent")["reach"])
    page.mouse.up()
    page.mouse.move(x, y)
    assert state(page, "latent")["z"][0] == pytest.approx(state(page, "latent")["reach"])


def test_the_plane_obeys_the_keyboard_and_shows_the_focus(panel):
    page = panel("latent")
    plane = page.locator(".bn-plane")
    page.get_by_role("radio", name="what is drawn there").focus()
    page.keyboard.press("Tab")
    assert plane.evaluate("node => node === document.activeElement")
    assert plane.evaluate("node => getComputedStyle(node).outlineStyle") == "solid"
    for key in ("ArrowRight", "ArrowUp", "Shift+ArrowUp"):
        page.keyboard.press(key)
    now = state(page, "latent")
    assert now["z"] == pytest.approx([0.02 * now["reach"], 0.12 * now["reach"]])
    assert float(page.get_by_role("slider", name="z₂").input_value()) == pytest.approx(now["z"][1])
    slide(page, "z₁", -1.25)
    assert state(page, "latent")["z"][0] == -1.25


def test_a_finger_moves_the_point(panel):
    page = panel("latent", has_touch=True, is_mobile=True, viewport={"width": 390, "height": 844})
    plane = page.locator(".bn-plane")
    plane.scroll_into_view_if_needed()
    box = plane.bounding_box()
    page.touchscreen.tap(box["x"] + 0.75 * box["width"], box["y"] + 0.25 * box["height"])
    now = state(page, "latent")
    assert now["z"] == pytest.approx([now["reach"] / 2, now["reach"] / 2], abs=0.03 * now["reach"])


# ---- beta ----


def test_every_beta_shows_the_loss_terms_that_torch_gives(panel):
    page = panel("beta")
    eps = normals(0, 0, len(X), 8)
    actives = []
    for i, beta in enumerate(BETAS):
        slide(page, "beta, the price of one nat", i)
        now = state(page, "beta")
        model = MODELS[f"beta{i}"]
        distortion, rate = elbo_terms(model, X, eps)
        mu, logvar = model.encode(X)
        assert now["beta"] == beta
        assert close([now["distortion"], now["rate"]], torch.stack([distortion.mean(), rate.mean()]))
        assert close(now["rates"], ((mu.square() + logvar.exp() - logvar - 1) / 2).mean(0))
        assert f"{distortion.mean() + rate.mean():.2f} nats" in page.locator(".bn-readout").inner_text()
        expected = model.decode(normals(now["seed"], 1, 20, 8))
        assert close(now["samples"], expected.flatten())
        originals = X[now["chosen"]]
        drawn = shown_pixels(page, "canvas.bn-sheet", 9, 9)  # the second digit of the second row
        assert (drawn - model.decode(model.encode(originals[1:2])[0])[0]).abs().max() <= 0.5 / 208 + 1e-9
        actives.append(now["active"])
    assert DIGITS.test_y[now["chosen"]].tolist() == list(range(10))
    assert actives == [8, 8, 7, 5, 4, 3, 1]


def test_samples_change_on_request_only(panel):
    page = panel("beta")
    first = state(page, "beta")["samples"]
    assert state(page, "beta")["samples"] == first
    page.get_by_role("button", name="Sample again").click()
    assert state(page, "beta")["samples"] != first


# ---- gallery ----


def test_gallery_is_the_decoder_of_scaled_prior_draws(panel):
    page = panel("gallery")
    for temperature, index, clicks in [(1.0, 3, 0), (0.5, 3, 1), (2.5, 0, 2)]:
        slide(page, "Temperature", temperature)
        page.get_by_role("combobox", name="VAE trained with beta").select_option(str(index))
        for _ in range(clicks):
            page.get_by_role("button", name="Sample again").click()
        now = state(page, "gallery")
        z = temperature * normals(now["seed"], 0, 24, 8)
        assert now["beta"] == BETAS[index]
        assert close(now["codes"], z.flatten())
        assert close(now["pixels"], MODELS[f"beta{index}"].decode(z).flatten())
    assert now["seed"] == 4
    page.get_by_role("button", name="Back to the first").click()
    assert state(page, "gallery")["seed"] == 1


def test_temperature_zero_draws_one_picture(panel):
    page = panel("gallery")
    slide(page, "Temperature", 0)
    pixels = torch.tensor(state(page, "gallery")["pixels"]).reshape(24, 64)
    assert (pixels == pixels[0]).all()


# ---- interpolation ----


def test_the_three_ways_between_two_digits(panel):
    page = panel("interpolate")
    model = MODELS[f"beta{BETAS.index(0.1)}"]
    page.get_by_role("combobox", name="From a").select_option("2")
    page.get_by_role("combobox", name="To a").select_option("7")
    page.get_by_role("button", name="Another end").click()
    for position in (0.0, 0.3, 0.5, 1.0):
        slide(page, "Place on the way", position)
        now = state(page, "interpolate")
        assert [DIGITS.test_y[i].item() for i in now["ends"]] == [2, 7]
        a, b = X[now["ends"]]
        za, zb = model.encode(X[now["ends"]])[0]
        assert close(now["pixels"], (1 - position) * a + position * b)
        assert close(now["line"], model.decode(((1 - position) * za + position * zb)[None])[0])
        turn = torch.acos(za @ zb / za.norm() / zb.norm())
        direction = ((1 - position) * turn).sin() / turn.sin() * za / za.norm() + (position * turn).sin() / turn.sin() * zb / zb.norm()
        assert direction.norm().item() == pytest.approx(1)
        assert close(now["arc"], model.decode((((1 - position) * za.norm() + position * zb.norm()) * direction)[None])[0])


# ---- diffusion ----


class Exact:
    """The exact predictor of a toy in the plane."""

    def __init__(self, toy):
        self.toy = toy

    def predict(self, x, bar):
        schedule = NoiseSchedule(*[torch.tensor([bar], dtype=torch.float64)] * 4)
        eps = ExactNoise(self.toy, schedule)(x, torch.zeros(len(x), dtype=torch.long)).detach()
        return (x - (1 - bar) ** 0.5 * eps) / bar**0.5, eps


class Network:
    """The committed denoiser."""

    def predict(self, x, bar):
        cos, sin = bar**0.5, (1 - bar) ** 0.5
        clean = (cos * x - sin * MODELS["denoiser"](x, torch.full((len(x),), bar, dtype=torch.float64).sqrt().acos())).clamp(-1, 1)
        return clean, (x - cos * clean) / sin


def configure(page, data="points in the plane", way="reverse", shape="spiral", schedule="cosine", steps=10, sampler="ancestral") -> dict:
    """Set every control of the player by its label."""
    page.get_by_role("radio", name=data, exact=True).check()
    page.get_by_role("radio", name=way).check()
    if data != "digits":
        page.get_by_role("combobox", name="Shape").select_option(shape)
    page.get_by_role("combobox", name="Schedule").select_option(schedule)
    page.get_by_role("combobox", name="Steps").select_option(str(steps))
    if way == "reverse":
        page.get_by_role("radio", name=sampler).check()
    return state(page, "diffusion")


@pytest.mark.parametrize("shape", sorted(toys()))
@pytest.mark.parametrize("schedule", ["cosine", "linear", "short"])
def test_predictor_in_the_plane_is_exact(panel, shape, schedule):
    page = panel("diffusion")
    configure(page, shape=shape, schedule=schedule, steps=20)
    bars = alpha_bars(schedule, 20)
    for i in (20, 13, 2):
        slide(page, "Time t", i)
        now = state(page, "diffusion")
        assert close(now["bars"], bars)
        x = torch.tensor(now["x"], dtype=torch.float64).reshape(-1, 2)
        assert close(now["eps"], Exact(toys()[shape]).predict(x, bars[i].item())[1].flatten())


@pytest.mark.parametrize(
    "data, sampler, steps", [("points in the plane", "ancestral", 10), ("points in the plane", "DDIM", 5), ("digits", "ancestral", 20), ("digits", "DDIM", 10)]
)
def test_reverse_time_is_the_sampler(panel, data, sampler, steps):
    page = panel("diffusion")
    configure(page, data=data, sampler=sampler, steps=steps, schedule="linear")
    page.get_by_role("button", name="New noise").click()
    seed = state(page, "diffusion")["seed"]
    assert seed == 2
    model, shape = (Network(), (16, 64)) if data == "digits" else (Exact(toys()["spiral"]), (700, 2))
    bars, x = alpha_bars("linear", steps).tolist(), normals(seed, 0, *shape)
    for i in range(steps, 0, -1):
        slide(page, "Time t", i)
        now = torch.tensor(state(page, "diffusion")["x"], dtype=torch.float64).reshape(shape)
        assert (now - x).abs().max() <= TOLERANCE, i
        x = step_back(*model.predict(now, bars[i]), bars[i], bars[i - 1], float(sampler == "ancestral"), normals(seed, i, *shape))
    slide(page, "Time t", 0)
    assert (torch.tensor(state(page, "diffusion")["x"], dtype=torch.float64).reshape(shape) - x).abs().max() <= TOLERANCE


@pytest.mark.parametrize("data", ["points in the plane", "digits"])
def test_forward_time_is_the_noising_chain(panel, data):
    page = panel("diffusion")
    now = configure(page, data=data, way="forward", steps=5)
    pick, seed = uniforms(now["seed"]), now["seed"]
    if data == "digits":
        x = 2 * X[[int(next(pick) * len(X)) for _ in range(16)]] - 1
    else:
        toy = toys()["spiral"]
        x = toy.centres.double()[[int(next(pick) * len(toy.centres)) for _ in range(700)]] + toy.std * normals(seed, 1, 700, 2)
    bars = alpha_bars("cosine", 5)
    for i in range(6):
        now = state(page, "diffusion")
        assert now["at"] == i and close(now["x"], x.flatten())
        if i < 5:
            x = (bars[i + 1] / bars[i]).sqrt() * x + (1 - bars[i + 1] / bars[i]).sqrt() * normals(seed, i + 2, *x.shape)
            page.get_by_role("button", name="Step on").click()
    assert page.get_by_role("button", name="Step on").is_disabled()


def test_play_runs_to_the_end_and_pauses_on_request(panel):
    page = panel("diffusion")
    configure(page, steps=20)
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("Bottleneck.panels.diffusion.state().at < 18")
    page.get_by_role("button", name="Pause").click()
    held = state(page, "diffusion")["at"]
    page.wait_for_timeout(400)
    assert state(page, "diffusion")["at"] == held and not state(page, "diffusion")["playing"]
    page.get_by_role("button", name="Play").press("Enter")
    page.wait_for_function("Bottleneck.panels.diffusion.state().at === 0 && !Bottleneck.panels.diffusion.state().playing", timeout=20000)
    assert "t = 0" in page.locator(".bn-readout").inner_text()


def test_many_steps_reach_the_data(panel):
    """Of 700 points of data, at most exp(-9/2) = 1.1 % are strays; 5 % would be ten standard errors more."""
    page = panel("diffusion")
    toy, strays = toys()["spiral"], {}
    for steps in (5, 100):
        configure(page, steps=steps)
        slide(page, "Time t", 0)
        x = torch.tensor(state(page, "diffusion")["x"]).reshape(-1, 2)
        strays[steps] = (torch.cdist(x, toy.centres).min(1).values > 3 * toy.std).float().mean().item()
        assert f"strays {100 * strays[steps]:.1f} %" in page.locator(".bn-readout").inner_text()
    assert strays[100] < 0.05 < strays[5]


def test_a_schedule_that_ends_early_loses_what_the_end_still_knew(panel):
    """Three quarters of the pair lie on the right. 700 draws: a standard error of 1.6 %, so 65 % and 85 % are six away."""
    page, share = panel("diffusion"), {}
    for schedule in ("cosine", "short"):
        configure(page, shape="pair", schedule=schedule, steps=100, sampler="DDIM")
        slide(page, "Time t", 0)
        share[schedule] = (torch.tensor(state(page, "diffusion")["x"]).reshape(-1, 2)[:, 0] > 0).float().mean().item()
        assert f"right of the middle {100 * share[schedule]:.1f} %" in page.locator(".bn-readout").inner_text()
    assert share["short"] < 0.65 < share["cosine"] < 0.85


def test_controls_that_do_not_apply_are_gone(panel):
    page = panel("diffusion")
    configure(page, data="digits", way="forward")
    assert not page.get_by_role("combobox", name="Shape").is_visible() and not page.get_by_role("radio", name="DDIM").is_visible()
    configure(page)
    assert page.get_by_role("combobox", name="Shape").is_visible() and page.get_by_role("radio", name="DDIM").is_visible()


# ---- all ----


@pytest.mark.parametrize("name", ["latent", "beta", "gallery", "interpolate", "diffusion"])
def test_every_control_is_named_reached_by_keyboard_and_shows_the_focus(panel, name):
    page = panel(name)
    controls = page.locator(f"#panel-{name} :is(button, input, select, [tabindex]):visible:not(:disabled)")
    count, seen, groups = controls.count(), 0, set()
    page.evaluate(f"document.querySelector('#panel-{name}').previousElementSibling.tabIndex = -1")
    page.evaluate(f"document.querySelector('#panel-{name}').previousElementSibling.focus()")
    for _ in range(count + 1):
        page.keyboard.press("Tab")
        here = page.evaluate(
            """name => { const node = document.activeElement; if (!node.closest('#panel-' + name)) return null;
            const marked = node.type === 'radio' ? node.nextElementSibling : node;
            return {outline: getComputedStyle(marked).outlineStyle, named: !!(node.labels?.length || node.textContent.trim() || node.getAttribute('aria-label')), group: node.type === 'radio' ? node.name : null}; }""",
            name,
        )
        if here is None:
            break
        assert here["named"] and here["outline"] == "solid"
        seen += 1
        groups.add(here["group"])
    radios = page.locator(f"#panel-{name} input[type=radio]:visible").count()
    assert seen == count - radios + len(groups - {None})  # a radio group is one stop


@pytest.mark.parametrize("name", ["latent", "beta", "gallery", "interpolate", "diffusion"])
def test_panel_follows_the_theme(panel, name):
    page = panel(name)
    sheet = page.locator(f"#panel-{name} canvas:visible").last
    light = sheet.evaluate(READ)
    page.evaluate("document.body.dataset.theme = 'dark'")
    page.wait_for_timeout(100)
    assert sheet.evaluate(READ) != light
