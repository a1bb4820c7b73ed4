// Draws each figure of class "chart" from the JSON inside it: series of [milliseconds since `from`,
// value] with null for a break, marks of position changes, and gaps. All charts show the same span of
// time: zooming one zooms all. A page that loads itself anew shows the span and the place that it showed.
"use strict";
(function () {
    const LIGHT = ["#1f6feb", "#d9730d", "#1a7f37", "#b3268f", "#0b7a8a", "#8250df", "#9a6700", "#cf222e"];
    const DARK = ["#6cb0ff", "#ffa657", "#5fd07a", "#f58fd7", "#4fd1e0", "#c4a5ff", "#e3c15b", "#ff8a80"];
    const VIEW = "posrec view"; // what sessionStorage keeps it under
    const AXIS_WIDTH = 70; // pixels, where no label needs more
    const MARK_REACH = 6; // pixels within which a mark's text shows
    const night = window.matchMedia("(prefers-color-scheme: dark)");
    const graphs = [];
    let zooming = false;
    let zoomed = null; // the span that the reader chose

    function style(name) {
        return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    }

    function colors(count) {
        const base = night.matches ? DARK : LIGHT;
        return Array.from({ length: count }, (_, i) => i < base.length ? base[i]
            : `hsl(${(i * 137.5) % 360}, ${night.matches ? "70%, 70%" : "65%, 42%"})`);
    }

    // One row for each time that any series has; null where a series has no point, NaN where it breaks.
    function rows(data) {
        const at = new Map();
        const row = (time) => {
            if (!at.has(time)) {
                at.set(time, new Array(data.series.length).fill(null));
            }
            return at.get(time);
        };
        data.series.forEach((series, column) => {
            let last = 0;
            series.points.forEach((point) => {
                if (point === null) {
                    row(last + 1)[column] = NaN;
                } else {
                    last = point[0];
                    row(last)[column] = point[1];
                }
            });
        });
        return [...at.entries()].sort((a, b) => a[0] - b[0])
            .map(([time, values]) => [new Date(data.from + time), ...values]);
    }

    // How many decimals tell values apart that differ by `step`.
    function places(step) {
        return Math.min(20, Math.max(0, Math.ceil(-Math.log10(step) - 1e-9)));
    }

    function format(value, decimals) {
        return value.toLocaleString("en", { maximumFractionDigits: decimals });
    }

    // A value with at least as many decimals as tell it from one that is `step` away.
    function number(value, share, step) {
        return share ? format(value * 100, Math.max(3, places(step * 100))) + " %"
            : format(value, Math.max(Math.abs(value) < 1 ? 6 : 2, places(step)));
    }

    // The axis' own steps, each with as many decimals as tell it from the next.
    function ticks(share) {
        const scale = share ? 100 : 1;
        return (...axis) => {
            const steps = Dygraph.numericTicks(...axis);
            const step = steps.length > 1 ? Math.abs(steps[1].v - steps[0].v) : 1;
            steps.forEach((tick) => {
                const value = Math.round(tick.v / step) * step + 0; // never -0
                tick.label = format(value * scale, places(step * scale)) + (share ? " %" : "");
            });
            return steps;
        };
    }

    // A label that is cut off would look like its neighbour.
    function widenAxis(graph, plot) {
        const labels = [...plot.querySelectorAll(".dygraph-axis-label-y")];
        const more = Math.max(0, ...labels.map((label) => label.scrollWidth - label.clientWidth));
        if (more > 0) {
            graph.updateOptions({ axes: { y: { axisLabelWidth: graph.getOptionForAxis("axisLabelWidth", "y") + more } } });
        }
    }

    function instant(time) {
        return new Date(time).toISOString().replace("T", " ").replace(/\.000Z$/, "Z");
    }

    function nearestMark(data, graph, x) {
        let best = null;
        let reach = MARK_REACH;
        data.marks.forEach((mark) => {
            const away = Math.abs(graph.toDomXCoord(data.from + mark[0]) - x);
            if (away <= reach) {
                reach = away;
                best = mark;
            }
        });
        return best;
    }

    // The line above the plot: the time and each series' value there, or just the names.
    function showValues(box, data, palette, time, points, mark, step) {
        box.textContent = "";
        const add = (text, color) => {
            const item = document.createElement("span");
            if (color) {
                const swatch = document.createElement("i");
                swatch.style.background = color;
                item.append(swatch);
            }
            item.append(text);
            box.append(item);
        };
        add(time === null ? "" : instant(time));
        data.series.forEach((series, i) => {
            const point = points.find((p) => p.name === String(i));
            const known = point && Number.isFinite(point.yval);
            add(series.label + (known ? " " + number(point.yval, data.share, step) : ""), palette[i]);
        });
        if (mark) {
            add("\u25b2 " + mark[1]);
        }
    }

    function underlay(data) {
        return (canvas, area, graph) => {
            canvas.fillStyle = style("--gap");
            data.gaps.forEach(([from, to]) => {
                const left = graph.toDomXCoord(data.from + from);
                const width = Math.max(1, graph.toDomXCoord(data.from + to) - left);
                canvas.fillRect(left, area.y, width, area.h);
            });
            canvas.fillStyle = style("--faint");
            data.marks.forEach(([time]) => {
                const x = graph.toDomXCoord(data.from + time);
                canvas.beginPath();
                canvas.moveTo(x, area.y + area.h - 8);
                canvas.lineTo(x - 4, area.y + area.h);
                canvas.lineTo(x + 4, area.y + area.h);
                canvas.fill();
            });
        };
    }

    // Null is the whole of each chart.
    function showSpan(span) {
        if (zooming) {
            return;
        }
        zooming = true;
        zoomed = span;
        graphs.forEach(({ graph, data }) => graph.updateOptions({ dateWindow: span || wholeSpan(data) }));
        zooming = false;
    }

    // A single poll has a minute on either side of it.
    function wholeSpan(data) {
        return data.from < data.to ? [data.from, data.to] : [data.from - 60000, data.to + 60000];
    }

    function element(parent, tag, name) {
        const made = document.createElement(tag);
        made.className = name;
        parent.append(made);
        return made;
    }

    function draw(figure) {
        const data = JSON.parse(figure.querySelector("script").textContent);
        const button = element(figure, "button", "whole");
        const values = element(figure, "div", "values");
        const plot = element(figure, "div", "plot");
        plot.setAttribute("role", "img");
        plot.setAttribute("aria-label", figure.querySelector("figcaption").textContent);
        let palette = colors(data.series.length);
        button.type = "button";
        button.textContent = "Whole range";
        const graph = new Dygraph(plot, rows(data), {
            labels: ["time", ...data.series.map((_, i) => String(i))],
            labelsUTC: true,
            legend: "never",
            colors: palette,
            connectSeparatedPoints: true,
            stepPlot: data.step,
            strokeWidth: 1.5,
            gridLineColor: style("--line"),
            axisLineColor: style("--line"),
            dateWindow: wholeSpan(data),
            axes: { y: { ticker: ticks(data.share), axisLabelWidth: AXIS_WIDTH } },
            drawCallback: (drawn) => widenAxis(drawn, plot),
            underlayCallback: underlay(data),
            highlightCallback: (event, time, points) => {
                const [low, high] = graph.yAxisRange();
                showValues(values, data, palette, time, points,
                    nearestMark(data, graph, graph.eventToDomCoords(event)[0]), (high - low) / 100);
            },
            unhighlightCallback: () => showValues(values, data, palette, null, [], null),
            // After a double-click the chart has no window of its own any more.
            zoomCallback: (from, to) => showSpan(graph.isZoomed("x") ? [from, to] : null),
        });
        showValues(values, data, palette, null, [], null);
        button.addEventListener("click", () => showSpan(null));
        night.addEventListener("change", () => {
            palette = colors(data.series.length);
            graph.updateOptions({
                colors: palette, gridLineColor: style("--line"), axisLineColor: style("--line"),
            });
            showValues(values, data, palette, null, [], null);
        });
        graphs.push({ graph, data });
    }

    // Shows again what was looked at before the page loaded itself, and does so after `ms`.
    function reloadEvery(ms) {
        const kept = JSON.parse(sessionStorage.getItem(VIEW) || "null");
        sessionStorage.removeItem(VIEW);
        history.scrollRestoration = "manual";
        if (kept) {
            showSpan(kept.zoomed);
            window.scrollTo(kept.left, kept.top);
        }
        setTimeout(() => {
            sessionStorage.setItem(VIEW, JSON.stringify({ zoomed, left: window.scrollX, top: window.scrollY }));
            location.reload();
        }, ms);
    }

    document.querySelectorAll("figure.chart").forEach(draw);
    const refresh = document.querySelector("meta[name=posrec-refresh-ms]");
    if (refresh) {
        reloadEvery(Number(refresh.content));
    }
})();
