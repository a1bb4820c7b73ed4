#!/usr/bin/python3
"""The HTML report in a real browser, headless: drawn, zoomed, dark, on a phone, without scripts, and with
a symbol that would be a script.

    html_report.py BUILD_FOLDER SOURCE_FOLDER
"""
import io
import json
import pathlib
import re
import subprocess
import sys
import tempfile

from PIL import Image
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

BUILD, SOURCE = (pathlib.Path(word).resolve() for word in sys.argv[1:3])
POSREC = BUILD / "posrec"
HOSTILE_SYMBOL = "<script>alert(1)</script>"
POLLS, GAP = 4000, range(2000, 2400)
WAIT_S = 120
SWITCHES = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-quic",
            "--no-default-browser-check", "--hide-scrollbars", "--window-size=1200,1000")


def make_report(folder):
    """A page of an account with a gap, and of one with a symbol that would be a script."""
    made = subprocess.run([sys.executable, SOURCE / "tests/bench/make_captures.py", str(POLLS)], check=True,
                          capture_output=True, text=True).stdout.splitlines(keepends=True)
    hostile = [line.replace('"account":"main"', '"account":"other"')
               .replace("ETHUSD_PERP", HOSTILE_SYMBOL) for line in made[:200]]
    captures = folder / "captures.ndjson"
    captures.write_text("".join(line for number, line in enumerate(made) if number not in GAP) + "".join(hostile))
    database, page = folder / "report.db", folder / "report.html"
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
    width = plot.size["width"]
    actions = ActionChains(driver)
    actions.move_to_element_with_offset(plot, int(width * (start - 0.5)), 0).click_and_hold()
    actions.move_by_offset(int(width * (end - start)), 0).release().perform()


def check_zoom(driver):
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
    require("pointing shows time and values", re.search(r"2026-01-01 \d\d:\d\d:\d\d.*BTCUSD_PERP -?[\d.]+", values.text, re.S))
    figure.find_element(By.TAG_NAME, "button").click()
    WebDriverWait(driver, WAIT_S).until(lambda d: axis(d, 2) == whole[2])
    require("the button shows the whole range again", [axis(driver, chart) for chart in range(3)] == whole)


def check_hostile(driver):
    cells = [cell.text for cell in driver.find_elements(By.CSS_SELECTOR, "#pnl td")]
    legends = driver.find_elements(By.CSS_SELECTOR, "figure.chart .values")
    require("a hostile symbol is shown as text, in tables and charts", HOSTILE_SYMBOL in cells
            and any(HOSTILE_SYMBOL in legend.text for legend in legends))
    require("no element was made of it", len(driver.find_elements(By.CSS_SELECTOR, "script:not([type])")) == 2)
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
    require("the page itself is all that was requested", urls == [page.as_uri()], urls)


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
    wide = driver.execute_script("return [document.documentElement.scrollWidth, innerWidth]")
    require("on a phone nothing but tables scrolls sideways", wide[0] <= wide[1] == 390, wide)
    plot = driver.find_element(By.CSS_SELECTOR, ".plot").size
    require("and charts fit", 300 < plot["width"] <= 390 and plot["height"] >= 200, plot)
    driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def check_without_scripts(driver):
    driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    driver.refresh()
    text = driver.find_element(By.TAG_NAME, "body").text
    require("without scripts there are no charts", not driver.find_elements(By.TAG_NAME, "canvas"))
    require("but every table, and a sentence", "The charts need scripts" in text and "BTCUSD_PERP" in text
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


def check_refresh(driver, folder):
    """A page that is made again while somebody looks at a part of it."""
    page = folder / "refreshed.html"

    def make():
        subprocess.run([POSREC, "-q", "-d", folder / "report.db", "report", "all", "--format", "html",
                        "--refresh", "2s", "--output", page], check=True)
    make()
    hold = driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": HOLD})
    driver.get(page.as_uri())
    whole = axis(driver, 0)
    drag(driver, driver.find_element(By.CSS_SELECTOR, "figure.chart"), 0.3, 0.4)
    WebDriverWait(driver, WAIT_S).until(lambda d: axis(d, 0) != whole)
    driver.execute_script("window.scrollTo(0, 700)")
    zoomed = axis(driver, 0)
    made = driver.find_element(By.CSS_SELECTOR, ".range").text
    make()
    driver.execute_script("window.before = 1; window.held = false")
    WebDriverWait(driver, WAIT_S).until(
        lambda d: d.execute_script("return window.before === undefined && document.readyState === 'complete'"))
    require("the page loads itself again", driver.find_element(By.CSS_SELECTOR, ".range").text != made)
    require("and keeps the zoom", [axis(driver, chart) for chart in range(3)] == [zoomed] * 3)
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


def main():
    with tempfile.TemporaryDirectory(prefix="posrec-html-") as name:
        folder = pathlib.Path(name)
        page = make_report(folder)
        driver = open_browser(folder)
        try:
            driver.get(page.as_uri())
            check_drawn(driver, page)
            check_zoom(driver)
            check_hostile(driver)
            check_quiet(driver, page)
            check_dark(driver)
            check_refresh(driver, folder)
            check_labels(driver, make_spans(folder))
            driver.get(page.as_uri())
            check_phone(driver)
            check_without_scripts(driver)
        finally:
            driver.quit()


main()
