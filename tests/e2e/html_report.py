#!/usr/bin/python3
"""The HTML report in a real browser, headless: what it says first, drawn, zoomed, filtered, sorted, dark, on a
phone, by keys and for a screen reader, without scripts, and with a symbol that would be a script.

    html_report.py BUILD_FOLDER SOURCE_FOLDER
"""
import io
import json
import math
import pathlib
import re
import subprocess
import sys
import tempfile
import time

from PIL import Image
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

BUILD, SOURCE = (pathlib.Path(word).resolve() for word in sys.argv[1:3])
POSREC = BUILD / "posrec"
HOSTILE_SYMBOL = "<script>alert(1)</script>"
PERPETUALS = {"coin-m": ("BTCUSD_PERP", "ETHUSD_PERP"), "usd-m": ("BTCUSDT", "ETHUSDT")}  # of each product
POLLS, GAP = 4000, range(2000, 2400)
WAIT_S = 120
SWITCHES = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-quic",
            "--no-default-browser-check", "--hide-scrollbars", "--window-size=1200,1000")


def make_captures(*arguments):
    return subprocess.run([sys.executable, SOURCE / "tests/bench/make_captures.py", *map(str, arguments)], check=True,
                          capture_output=True, text=True).stdout


def of_product(product, lines):
    return lines if product == "coin-m" else subprocess.run(
        [sys.executable, SOURCE / "tests/e2e/as_usd_m.py"], input=lines, check=True, capture_output=True, text=True).stdout


def make_report(folder, product):
    """A page of an account with a gap, and of one with a symbol that would be a script."""
    made = make_captures(POLLS).splitlines(keepends=True)
    kept = of_product(product, "".join(line for number, line in enumerate(made) if number not in GAP))
    hostile = of_product(product, "".join(made[:200])).replace('"account":"main"', '"account":"other"')
    hostile = hostile.replace(PERPETUALS[product][1] + '\\"', HOSTILE_SYMBOL + '\\"')
    captures = folder / "captures.ndjson"
    captures.write_text(kept + hostile)
    database, page = folder / f"{product}.db", folder / f"{product}.html"
    subprocess.run([POSREC, "-q", "-d", database, "import", captures], check=True)
    subprocess.run([POSREC, "-q", "-d", database, "report", "all", "--format", "html", "--output", page], check=True)
    return page


def open_browser(folder):
    options = webdriver.ChromeOptions()
    for switch in SWITCHES:
        options.add_argument(switch)
    options.add_argument(f"--user-data-dir={folder / 'browser'}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    return webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)


def require(what, holds, seen=""):
    if not holds:
        sys.exit(f"html_report: not so: {what} {seen}")
    print(f"ok: {what}")


def colors(png, box=None):
    image = Image.open(io.BytesIO(png)).convert("RGB")
    return len(set(image.crop(box).getdata() if box else image.getdata()))


# What is folded, and what a script made after it was seen.
UNFOLD = "document.querySelectorAll('details').forEach(part => part.open = true)"


def unfold(driver, charts):
    driver.execute_script(UNFOLD)
    WebDriverWait(driver, WAIT_S).until(lambda d: len(d.find_elements(By.CSS_SELECTOR, "figure.chart.drawn")) == charts)


def axis(driver, chart):
    return driver.execute_script("return [...document.querySelectorAll('figure.chart')[arguments[0]]"
                                 ".querySelectorAll('.dygraph-axis-label-x')].map(e => e.textContent)", chart)


def check_drawn(driver, page):
    require("three charts for each account are drawn",
            len(driver.find_elements(By.CSS_SELECTOR, "figure.chart .plot canvas:first-child")) == 6)
    require("every chart's canvas has something on it", driver.execute_script(
        "return [...document.querySelectorAll('figure.chart')].every(f => {"
        "  const c = f.querySelector('canvas');"
        "  return c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some(v => v !== 0); })"))
    figure = driver.find_element(By.CSS_SELECTOR, "figure.chart")
    require("a screenshot of a chart has its lines' colours", colors(figure.screenshot_as_png) > 50)
    require("a screenshot of the page is not empty", colors(driver.get_screenshot_as_png()) > 50)
    data = json.loads(figure.find_element(By.TAG_NAME, "script").get_attribute("textContent"))
    gaps = data["gaps"]
    require("the gap is one gap, of the polls left out", len(gaps) == 1 and 4_000_000 < gaps[0][1] - gaps[0][0] < 4_020_000)
    for series in data["series"]:
        points = series["points"]
        inside = [p for p in points if p and gaps[0][0] < p[0] < gaps[0][1]]
        broken = [i for i, p in enumerate(points) if p is None
                  and points[i - 1][0] <= gaps[0][0] and points[i + 1][0] >= gaps[0][1]]
        require(f"{series['label']} is interrupted there", not inside and broken)
    require("changes are marked", data["marks"] and re.search(r"\w+ (increase|reduce|flip|open|close) ", data["marks"][-1][1]))
    require("the reader is told that points were left out", "Drawn are" in driver.find_element(By.ID, "pnl").text)
    size = page.stat().st_size
    require("the page is under 5 MB", size < 5_000_000, size)


def drag(driver, figure, start, end):
    plot = figure.find_element(By.CSS_SELECTOR, ".plot")
    driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", plot)
    width = plot.size["width"]
    actions = ActionChains(driver)
    actions.move_to_element_with_offset(plot, int(width * (start - 0.5)), 0).click_and_hold()
    actions.move_by_offset(int(width * (end - start)), 0).release().perform()


def check_zoom(driver, product):
    figure = driver.find_element(By.CSS_SELECTOR, "figure.chart")
    whole = [axis(driver, chart) for chart in range(3)]
    drag(driver, figure, 0.3, 0.4)
    WebDriverWait(driver, WAIT_S).until(lambda d: axis(d, 0) != whole[0])
    zoomed = [axis(driver, chart) for chart in range(3)]
    require("dragging zooms the chart, and the others with it",
            all(a != b for a, b in zip(whole, zoomed)) and zoomed[0] == zoomed[1] == zoomed[2], zoomed)
    ActionChains(driver).move_to_element(figure.find_element(By.CSS_SELECTOR, ".plot")).move_by_offset(5, 5).perform()
    values = figure.find_element(By.CSS_SELECTOR, ".values")
    WebDriverWait(driver, WAIT_S).until(lambda d: "2026-01-01" in values.text)
    require("pointing shows time and values", re.search(rf"2026-01-01 \d\d:\d\d:\d\d.*{PERPETUALS[product][0]} -?[\d.]+", values.text, re.S))
    figure.find_element(By.TAG_NAME, "button").click()
    WebDriverWait(driver, WAIT_S).until(lambda d: axis(d, 2) == whole[2])
    require("the button shows the whole range again", [axis(driver, chart) for chart in range(3)] == whole)


def check_hostile(driver):
    cells = [cell.text for cell in driver.find_elements(By.CSS_SELECTOR, "#pnl td")]
    legends = driver.find_elements(By.CSS_SELECTOR, "figure.chart .values")
    require("a hostile symbol is shown as text, in tables and charts", HOSTILE_SYMBOL in cells
            and any(HOSTILE_SYMBOL in legend.text for legend in legends))
    require("no element was made of it", len(driver.find_elements(By.CSS_SELECTOR, "script:not([type])")) == 3)
    driver.execute_script("const s = document.createElement('script'); s.textContent = 'window.ran = 1';"
                          "document.body.append(s)")
    require("the page's policy lets no other script run", driver.execute_script("return window.ran") is None)


def check_quiet(driver, page):
    problems = [entry for entry in driver.get_log("browser") if "Content Security Policy" not in entry["message"]
                or "charts" in entry["message"]]
    require("the console has no errors but the one provoked", not problems, problems)
    urls = []
    for entry in driver.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] == "Network.requestWillBeSent" and message["params"]["documentURL"] == page.as_uri():
            urls.append(message["params"]["request"]["url"])
    require("the page itself is all that was requested", set(urls) == {page.as_uri()}, urls)


def background(driver):
    return driver.execute_script("return getComputedStyle(document.body).backgroundColor")


def check_dark(driver):
    light = background(driver)
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": "dark"}]})
    WebDriverWait(driver, WAIT_S).until(lambda d: background(d) != light)
    figure = driver.find_element(By.CSS_SELECTOR, "figure.chart")
    picture = Image.open(io.BytesIO(figure.screenshot_as_png)).convert("L")
    average = sum(picture.getdata()) / (picture.width * picture.height)
    require("in the dark the page is dark, and the chart still drawn",
            average < 80 and colors(figure.screenshot_as_png) > 50, average)
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def check_phone(driver):
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                           {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True})
    driver.refresh()
    driver.execute_script(UNFOLD)
    WebDriverWait(driver, WAIT_S).until(lambda d: d.find_elements(By.CSS_SELECTOR, "#pnl .plot canvas"))
    wide = driver.execute_script("return [document.documentElement.scrollWidth, innerWidth]")
    require("on a phone nothing but tables scrolls sideways", wide[0] <= wide[1] == 390, wide)
    plot = driver.find_element(By.CSS_SELECTOR, ".plot").size
    require("and charts fit", 300 < plot["width"] <= 390 and plot["height"] >= 200, plot)
    driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def check_without_scripts(driver, product):
    driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    driver.refresh()
    text = driver.find_element(By.TAG_NAME, "body").text
    require("without scripts there are no charts", not driver.find_elements(By.TAG_NAME, "canvas"))
    require("but every table, and a sentence", "The charts need scripts" in text and PERPETUALS[product][0] in text
            and len(driver.find_elements(By.CSS_SELECTOR, "table")) >= 6)
    driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


# Holds the page's own reload back until window.held is false, so that what is done to the page before it, and looked
# at after it, does not have to be done in time.
HOLD = """
    window.held = true;
    const wait = window.setTimeout.bind(window);
    window.setTimeout = (work, ms, ...rest) => ms !== 2000 ? wait(work, ms, ...rest)
        : wait(function again() { window.held ? wait(again, 50) : work(); }, ms);
"""


def check_refresh(driver, folder, product):
    """A page that is made again while somebody looks at a part of it."""
    page = folder / f"refreshed-{product}.html"

    def make():
        subprocess.run([POSREC, "-q", "-d", folder / f"{product}.db", "report", "all", "--format", "html",
                        "--refresh", "2s", "--output", page], check=True)
    make()
    made_s = time.time()
    hold = driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": HOLD})
    driver.get(page.as_uri())
    unfold(driver, 6)
    Select(driver.find_element(By.ID, "account")).select_by_value("main")
    driver.find_element(By.CSS_SELECTOR, "#pnl th:nth-child(7) button").click()
    order = driver.execute_script(COLUMN, "#pnl table", 6)
    whole = axis(driver, 0)
    drag(driver, driver.find_element(By.CSS_SELECTOR, "figure.chart"), 0.3, 0.4)
    WebDriverWait(driver, WAIT_S).until(lambda d: axis(d, 0) != whole)
    driver.execute_script("window.scrollTo(0, 700)")
    zoomed = axis(driver, 0)
    made = driver.find_element(By.CSS_SELECTOR, ".range").text
    while time.time() < made_s + 1:  # the page says it to the second
        time.sleep(0.05)
    make()
    driver.execute_script("window.before = 1; window.held = false")
    WebDriverWait(driver, WAIT_S).until(
        lambda d: d.execute_script("return window.before === undefined && document.readyState === 'complete'"))
    require("the page loads itself again", driver.find_element(By.CSS_SELECTOR, ".range").text != made)
    drawn = driver.execute_script("return [...document.querySelectorAll('figure.chart')].map(f => f.offsetWidth > 0)")
    require("and keeps the zoom of the charts that are seen", drawn == [True, False] * 3
            and [axis(driver, chart) for chart in (0, 2, 4)] == [zoomed] * 3, drawn)
    require("the account", Select(driver.find_element(By.ID, "account")).first_selected_option.text == "main")
    require("the order of the tables", driver.execute_script(COLUMN, "#pnl table", 6) == order
            and driver.find_element(By.CSS_SELECTOR, "#pnl th:nth-child(7)").get_attribute("aria-sort") == "descending")
    require("what was unfolded", driver.execute_script(
        "return [...document.querySelectorAll('details')].every(part => part.open)"))
    require("and the place", driver.execute_script("return window.scrollY") == 700)
    driver.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", hold)


# Of an account each: for how many milliseconds there are polls, and between which values its PnL moves.
SPANS = ((2, "0.10000001", "0.10000009"), (40, "-0.00000005", "0.00000005"), (900, "1234567.1", "1234567.3"), (5_000, "5", "5"),
         (90_000, "0.29", "0.31"), (3_600_000, "99999", "100001"), (86_400_000, "-7.001", "-7.002"), (8 * 86_400_000, "0.1", "0.1000001"),
         (60 * 86_400_000, "-1", "1000000"), (400 * 86_400_000, "20000000.5", "20000001.5"), (5 * 365 * 86_400_000, "-1", "3"),
         (8 * 365 * 86_400_000, "0.00000001", "0.00000002"))


def make_spans(folder):
    begin = 1483228800000 + 15 * 3600_000 + 41_300  # 2017-01-01
    lines = []
    for number, (span_ms, low, high) in enumerate(SPANS):
        for part, (pnl, liquidation) in enumerate(((low, "0.99"), (high, "0.99000100"), (low, "0.99000050"))):
            leg = {"symbol": "BTCUSD_PERP", "positionSide": "BOTH", "positionAmt": "1", "markPrice": "1", "unRealizedProfit": pnl,
                   "liquidationPrice": liquidation, "updateTime": 1}
            lines.append(json.dumps({"account": f"{number:02}", "received_ms": begin + span_ms * part // 2, "body": json.dumps([leg])}))
    database, page = folder / "spans.db", folder / "spans.html"
    subprocess.run([POSREC, "-q", "-d", database, "import", "-"], input="\n".join(lines), text=True, check=True)
    subprocess.run([POSREC, "-q", "-d", database, "report", "all", "--format", "html", "--output", page], check=True)
    return page


LABELS = """
    return [...document.querySelectorAll('#pnl figure.chart, #margin figure.chart')].map(figure => ['x', 'y'].map(axis =>
        [...figure.querySelectorAll('.dygraph-axis-label-' + axis)].map(e => [e.textContent, e.getBoundingClientRect(), e])
            .sort((a, b) => axis === 'x' ? a[1].left - b[1].left : b[1].top - a[1].top)
            .map(([text, box, e]) => [text, e.scrollWidth <= e.clientWidth])));
"""


def check_labels(driver, page):
    """No axis says the same twice, however short or long, small or large what it shows is."""
    driver.get(page.as_uri())
    unfold(driver, len(driver.find_elements(By.CSS_SELECTOR, "figure.chart")))
    charts = driver.execute_script(LABELS)
    require("there is a chart of PnL and one of margin for each account", len(charts) == 2 * len(SPANS), len(charts))
    for axes in charts:
        times, values = ([text for text, _ in labels] for labels in axes)
        days = [text for text in times if re.fullmatch(r"\d\d\s\w{3}|\w{3}\s\d{4}", text)]
        numbers = [float(text.replace(",", "").removesuffix(" %")) for text in values]
        what = f"from {values[0]} to {values[-1]}, from {times[0]} to {times[-1]}, neighbours differ and are not cut off"
        require(what, len(times) > 1 and all(a != b for a, b in zip(times, times[1:])) and len(days) == len(set(days))
                and len(numbers) > 1 and all(a < b for a, b in zip(numbers, numbers[1:]))
                and all(fits for labels in axes for _, fits in labels), axes)


ANSWER_POLLS = 300


def make_answer(folder):
    """A page of two accounts with money, one of each product."""
    lines = []
    for seed, account, product in ((1, "first", "coin-m"), (2, "second", "usd-m")):
        made = of_product(product, make_captures(ANSWER_POLLS, "--money", "--seed", seed, "--interval-ms", 60000))
        lines.append(made.replace('"account":"main"', f'"account":"{account}"'))
    database, page = folder / "answer.db", folder / "answer.html"
    subprocess.run([POSREC, "-q", "-d", database, "import", "-"], input="".join(lines), text=True, check=True)
    subprocess.run([POSREC, "-q", "-d", database, "report", "all", "--format", "html", "--output", page], check=True)
    return page


def ask(folder, *words):
    return json.loads(subprocess.run([POSREC, "-q", "-d", folder / "answer.db", *words, "--format", "json"], check=True,
                                     capture_output=True, text=True).stdout)


TILES = """
    const list = [...document.querySelectorAll('#answer dl')].find(e => e.offsetWidth > 0);
    return [...list.querySelectorAll('div')].map(e => [e.querySelector('dt').textContent, e.querySelector('a').firstChild.textContent,
        e.querySelector('small').textContent]);
"""
# The texts of a column's rows that are seen.
COLUMN = """
    return [...document.querySelector(arguments[0]).tBodies[0].rows].filter(row => !row.hidden)
        .map(row => row.cells[arguments[1]].textContent);
"""


def tiles(driver):
    return {label: (value.strip(), note) for label, value, note in driver.execute_script(TILES)}


def number(text):
    return float(re.sub("[,% ]", "", text))


def check_answer(driver, folder):
    equity = {}
    for row in ask(folder, "report", "equity"):
        equity[row["account"]] = equity.get(row["account"], 0) + row["margin_balance_usd"]
    day, nearest = {}, {}
    for row in ask(folder, "sql", "SELECT account, sum(unrealized_change_usd) + (SELECT total(income_usd)"
                   "  FROM income_history AS i WHERE i.account = d.account) AS usd FROM pnl_total_daily AS d GROUP BY account"):
        day[row["account"]] = row["usd"]
    for row in ask(folder, "report", "margin"):
        nearest[row["account"]] = min(nearest.get(row["account"], 1), row["liquidation_distance"])
    performed = {row["account"]: row for row in ask(folder, "report", "performance")}
    folded = driver.execute_script("return [document.querySelectorAll('details').length,"
                                   " document.querySelectorAll('details[open]').length, document.documentElement.scrollHeight]")
    require("the reports are folded, and the page is short", folded[0] >= 10 and folded[1] == 0 and folded[2] < 4000, folded)
    for account, names in (("", list(equity)), ("first", ["first"]), ("second", ["second"])):
        Select(driver.find_element(By.ID, "account")).select_by_value(account)
        told = tiles(driver)
        require(f"the page of '{account}' begins with what it comes to",
                abs(number(told["Equity"][0]) - sum(equity[n] for n in names)) < 0.011
                and abs(number(told["PnL on 2026-01-01"][0]) - sum(day[n] for n in names)) < 0.011
                and told["PnL of 7 days"][0] == told["PnL of 30 days"][0] == told["PnL on 2026-01-01"][0]
                and abs(number(told["Nearest liquidation"][0]) / 100 - min(nearest[n] for n in names)) < 0.0001
                and told["Recorded"] == ("100.0 %", "no hole") and told["Findings"] == ("0", "all adds up")
                and "late" in told["Last poll"][1], (told, equity, day, nearest))
        made = performed[account]
        require("its return and its drawdown are those of performance",
                told["Equity"][1] == f"{made['return'] * 100:+.2f} % in the range" and 0 < made["max_drawdown"] < 0.1
                and abs(number(told["Largest drawdown"][0]) / 100 + made["max_drawdown"]) < 0.000051
                and told["Largest drawdown"][1] == f"on {made['drawdown_to'][:10]}", (told, made))
        require("its rows are those of the account", set(driver.execute_script(COLUMN, "#open table", 0)) == set(names)
                and driver.execute_script(COLUMN, "#months table", 0) == [account or "All accounts"])
        curves = [f for f in driver.find_elements(By.CSS_SELECTOR, "#curve figure") if f.is_displayed()]
        require("and so is the equity curve, with the drawdown beneath", len(curves) == 1
                and curves[0].text.startswith(account or "All accounts")
                and len(curves[0].find_elements(By.CSS_SELECTOR, ".plot canvas:first-child")) == 2)
    Select(driver.find_element(By.ID, "account")).select_by_value("")


# Elements with a text of their own that is seen: their colour and the first background behind them.
TEXTS = r"""
    const seen = [...document.querySelectorAll('body *')].filter(e => e.offsetWidth > 0 && e.tagName !== 'OPTION'
        && [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim() !== ''));
    const behind = e => { const c = getComputedStyle(e).backgroundColor;
        return c === 'rgba(0, 0, 0, 0)' && e.parentElement ? behind(e.parentElement) : c; };
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    const rgb = c => { canvas.fillStyle = c; canvas.fillRect(0, 0, 1, 1); return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3); };
    const pairs = new Map();
    seen.forEach(e => { const [a, b] = [getComputedStyle(e).color, behind(e)]; pairs.set(a + b, [e.outerHTML.slice(0, 80), rgb(a), rgb(b)]); });
    return [...pairs.values()];
"""


def linear(channel):
    return channel / 255 / 12.92 if channel / 255 <= 0.04045 else ((channel / 255 + 0.055) / 1.055) ** 2.4


def contrast(a, b):
    """Of WCAG 2."""
    low, high = sorted(sum(share * linear(channel) for share, channel in zip((0.2126, 0.7152, 0.0722), color)) for color in (a, b))
    return (high + 0.05) / (low + 0.05)


def oklab(color):
    r, g, b = (linear(channel) for channel in color)
    l, m, s = ((x * r + y * g + z * b) ** (1 / 3) for x, y, z in (
        (0.4122214708, 0.5363325363, 0.0514459929), (0.2119034982, 0.6806995451, 0.1073969566),
        (0.0883024619, 0.2817188376, 0.6299787005)))
    return [x * l + y * m + z * s for x, y, z in ((0.2104542553, 0.7936177850, -0.0040720468),
                                                  (1.9779984951, -2.4285922050, 0.4505937099),
                                                  (0.0259040371, 0.7827717662, -0.8086757660))]


def check_colors(text, name, paper):
    words = re.search(rf"const {name} = \[(.*?)\]", text, re.S).group(1)
    lines = [tuple(int(word[i:i + 2], 16) for i in (0, 2, 4)) for word in re.findall("#([0-9a-f]{6})", words)]
    apart = min(math.dist(oklab(a), oklab(b)) for i, a in enumerate(lines) for b in lines[:i])
    faint = min(contrast(line, paper) for line in lines)
    require(f"the 12 colours of {name} can be told apart, and from the page", len(lines) == 12 and apart > 0.15 and faint >= 2.9,
            (len(lines), apart, faint))


def check_read(driver):
    """What a screen reader and weak eyes need."""
    levels = driver.execute_script("return [...document.querySelectorAll('h1, h2, h3')].map(e => Number(e.tagName[1]))")
    require("headings step down one by one below one h1", levels.count(1) == 1 and levels[0] == 1
            and all(b - a <= 1 for a, b in zip(levels, levels[1:])), levels)
    named = driver.execute_script("""return [...document.querySelectorAll('select, button, summary, [role=region], [role=img], nav')]
        .map(e => [e.tagName, e.getAttribute('aria-label') || (e.labels && e.labels[0] || e).textContent.trim()])""")
    require("everything that is used has a name", len(named) > 50 and all(name for _, name in named), named)
    require("times are without milliseconds, and names are for people", not driver.execute_script(
        r"return [...document.querySelectorAll('th, td')].some(e => /\d\d:\d\d:\d\d\.\d|[a-z]_[a-z]/.test(e.textContent))"))
    text = (SOURCE / "src/report/assets/charts.js").read_text()
    for scheme, name, paper in (("light", "LIGHT", (255, 255, 255)), ("dark", "DARK", (20, 24, 28))):
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
        worst = min((contrast(a, b), what) for what, a, b in driver.execute_script(TEXTS))
        require(f"in the {scheme} every text has a contrast of 4.5 at least", worst[0] >= 4.5, worst)
        check_colors(text, name, paper)
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def check_sorted(driver):
    button = driver.find_element(By.CSS_SELECTOR, "#open th:nth-child(3) button")
    driver.execute_script("document.querySelector('#open .table').focus()")
    driver.switch_to.active_element.send_keys(Keys.TAB)
    focused = driver.execute_script("return document.activeElement.closest('#open th') !== null")
    require("the tab key leads into the table's head", focused)
    for key, sign, word in ((Keys.ENTER, -1, "descending"), (Keys.SPACE, 1, "ascending")):
        button.send_keys(key)
        values = [number(text) for text in driver.execute_script(COLUMN, "#open table", 2)]
        require(f"a key sorts {word} by what the numbers are", len(values) > 10 and values == sorted(values, key=lambda v: sign * v)
                and driver.execute_script("return arguments[0].parentNode.getAttribute('aria-sort')", button) == word, values)
    left = driver.execute_script("""const box = document.querySelector('#trips .table:last-of-type');
        const cell = box.querySelector('tbody td'), before = cell.getBoundingClientRect().left;
        box.scrollLeft = 200; return [box.scrollLeft, cell.getBoundingClientRect().left - before]""")
    require("a table's first column stays", left[0] >= 0 and abs(left[1]) < 1, left)
    driver.find_element(By.CSS_SELECTOR, "dt + dd a[href='#reconcile']").click()
    WebDriverWait(driver, WAIT_S).until(lambda d: d.find_element(By.ID, "reconcile").get_attribute("open"))
    print("ok: a link to a folded report unfolds it")


def check_first_screen(driver):
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                           {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True})
    for scheme in ("light", "dark"):
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
        driver.get(driver.current_url.split("#")[0])
        boxes = driver.execute_script("""const list = [...document.querySelectorAll('#answer dl')].find(e => e.offsetWidth > 0);
            return [...list.querySelectorAll('div')].map(e => { const a = e.querySelector('a'), box = a.getBoundingClientRect();
                return [e.querySelector('dt').textContent, a.textContent, box.left, box.right, box.top, box.bottom]; })""")
        require(f"the first screen of a phone, {scheme}, has every number", len(boxes) == 10 and all(
            re.search(r"\d", text) and 0 <= left < right <= 390 and 0 <= top < bottom <= 844
            for _, text, left, right, top, bottom in boxes), boxes)
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def make_known(folder):
    """Ten coins at 100 USD lose two, twelve come in, and one of the twenty is lost: 0.8 x 0.95."""
    begin, minute = 1767225600000, 60000
    leg = {"symbol": "BTCUSD_PERP", "positionSide": "BOTH", "positionAmt": "0", "markPrice": "100", "unRealizedProfit": "0",
           "liquidationPrice": "0", "entryPrice": "0", "updateTime": 1}
    lines = []
    for number, coins in enumerate(("10", "8", "20", "19")):
        time_ms = begin + number * 10 * minute
        account = {"assets": [{"asset": "BTC", "walletBalance": coins, "unrealizedProfit": "0", "marginBalance": coins,
                               "maintMargin": "0.5"}], "positions": []}
        lines.append({"received_ms": time_ms, "interval_ms": 10 * minute, "body": json.dumps([leg])})
        lines.append({"received_ms": time_ms + 1000, "interval_ms": 10 * minute, "endpoint": "account", "body": json.dumps(account)})
    moved = [{"symbol": "", "incomeType": "TRANSFER", "income": "12", "asset": "BTC", "info": "", "time": begin + 15 * minute,
              "tranId": 1, "tradeId": ""}]
    lines.append({"received_ms": begin + 31 * minute, "endpoint": "income", "request": f"/dapi/v1/income?startTime={begin}&limit=1000",
                  "body": json.dumps(moved)})
    database, page = folder / "known.db", folder / "known.html"
    subprocess.run([POSREC, "-q", "-d", database, "import", "-"], text=True, check=True,
                   input="\n".join(json.dumps({"account": "main", "http_status": 200, **line}) for line in lines))
    subprocess.run([POSREC, "-q", "-d", database, "report", "all", "--format", "html", "--output", page], check=True)
    return page


def check_known(driver):
    told = tiles(driver)
    data = json.loads(driver.find_element(By.CSS_SELECTOR, "#curve figure script").get_attribute("textContent"))
    require("a transfer is no gain: of the curve's loss it is taken out, and it is marked",
            told["Equity"] == ("1,900.00", "-24.00 % in the range") and told["Largest drawdown"][0] == "-24.0 %"
            and [round(p[1], 6) for p in data["series"][0]["points"]] == [1000, 800, 2000, 1900]
            and [round(p[1], 6) for p in data["series"][1]["points"]] == [0, -0.2, -0.2, -0.24]
            and [mark[0] for mark in data["marks"]] == [15 * 60000] and "12 BTC" in data["marks"][0][1], (told, data))
    require("the margin ratio is the worst of the assets'", told["Margin ratio"] == ("2.63 %", "worst of the range 6.25 %"), told)
    require("where nothing is open the page says so", told["Nearest liquidation"] == ("\u2013", "nothing is open")
            and "Nothing is open." in driver.find_element(By.ID, "open").text, told)


def check_product(driver, folder, product):
    page = make_report(folder, product)
    driver.get(page.as_uri())
    unfold(driver, 6)
    check_drawn(driver, page)
    check_zoom(driver, product)
    check_hostile(driver)
    check_quiet(driver, page)
    check_dark(driver)
    check_refresh(driver, folder, product)
    driver.get(page.as_uri())
    check_phone(driver)
    check_without_scripts(driver, product)


def main():
    with tempfile.TemporaryDirectory(prefix="posrec-html-") as name:
        folder = pathlib.Path(name)
        driver = open_browser(folder)
        try:
            for product in PERPETUALS:
                print(f"of {product}:")
                check_product(driver, folder, product)
            check_labels(driver, make_spans(folder))
            answer = make_answer(folder)
            driver.get(answer.as_uri())
            check_answer(driver, folder)
            check_read(driver)
            check_sorted(driver)
            check_first_screen(driver)
            check_quiet(driver, answer)
            driver.get(make_known(folder).as_uri())
            check_known(driver)
        finally:
            driver.quit()


main()
