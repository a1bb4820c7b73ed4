// Draws the figures of class "chart" from the JSON inside them: series of [milliseconds since `from`,
// value] with null for a break, marks, and gaps; with `under` the last series has a plot of its own beneath,
// in percent. A figure that is hidden or folded is drawn when it is seen. All charts show the same span of
// time: zooming one zooms all.
"use strict";
(function () {
    // Each can be told from the others, and from the page: tests/e2e/html_report.py measures it.
    const LIGHT = ["#1f6feb", "#d2802d", "#24a881", "#cc194f", "#8616b6", "#71680e",
        "#3a5378", "#e31ce3", "#084408", "#710e0e", "#1616b6", "#a687c5"];
    const DARK = ["#6cb0ff", "#e68c33", "#16b686", "#e31c1c", "#bd75a7", "#e9d949",
        "#60ebdd", "#bb1ce3", "#33e633", "#3368e6", "#f7bbd9", "#78723a"];
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

    // With `under` the last one's is the plot's beneath.
    function palette(data) {
        const all = colors(data.series.length);
        return data.under ? [...all.slice(0, -1), style("--under")] : all;
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
    function showValues(box, data, hues, share, time, points, mark, step) {
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
            add(series.label + (known ? " " + number(point.yval, share, step) : ""), hues[i]);
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

    // A figure's plots: their data, and how they are drawn.
    function panes(data) {
        if (!data.under) {
            return [{ data, share: data.share }];
        }
        return [{ data: { ...data, series: data.series.slice(0, -1), under: false }, share: data.share },
            { data: { ...data, series: data.series.slice(-1), marks: [] }, share: true, under: true }];
    }

    function drawPane(figure, values, pane) {
        const { data, share, under } = pane;
        const plot = element(figure, "div", under ? "plot under" : "plot");
        plot.setAttribute("role", "img");
        plot.setAttribute("aria-label", figure.querySelector("figcaption").textContent
            + (under ? ": " + data.series[0].label : ""));
        const graph = new Dygraph(plot, rows(data), {
            labels: ["time", ...data.series.map((_, i) => String(i))],
            labelsUTC: true,
            legend: "never",
            colors: palette(data),
            connectSeparatedPoints: true,
            stepPlot: data.step,
            fillGraph: Boolean(under),
            strokeWidth: 1.5,
            gridLineColor: style("--line"),
            axisLineColor: style("--line"),
            dateWindow: zoomed || wholeSpan(data),
            axes: { y: { ticker: ticks(share), axisLabelWidth: AXIS_WIDTH, pixelsPerLabel: under ? 30 : 40 } },
            drawCallback: (drawn) => widenAxis(drawn, plot),
            underlayCallback: underlay(data),
            highlightCallback: (event, time, points) => {
                const [low, high] = graph.yAxisRange();
                showValues(values, data, palette(data), share, time, points,
                    nearestMark(data, graph, graph.eventToDomCoords(event)[0]), (high - low) / 100);
            },
            unhighlightCallback: () => values.rest(),
            // After a double-click the chart has no window of its own any more.
            zoomCallback: (from, to) => showSpan(graph.isZoomed("x") ? [from, to] : null),
        });
        graphs.push({ graph, data });
        night.addEventListener("change", () => graph.updateOptions({
            colors: palette(data), gridLineColor: style("--line"), axisLineColor: style("--line"),
        }));
    }

    function draw(figure) {
        const data = JSON.parse(figure.querySelector("script").textContent);
        const button = element(figure, "button", "whole");
        const values = element(figure, "div", "values");
        const note = figure.querySelector(".note");
        values.rest = () => showValues(values, data, palette(data), data.share, null, [], null);
        button.type = "button";
        button.textContent = "Whole range";
        button.addEventListener("click", () => showSpan(null));
        night.addEventListener("change", values.rest);
        values.rest();
        panes(data).forEach((pane) => drawPane(figure, values, pane));
        figure.append(note);
    }

    // What can be seen, and is not drawn yet.
    function drawVisible() {
        document.querySelectorAll("figure.chart:not(.drawn)").forEach((figure) => {
            if (figure.offsetWidth > 0) {
                figure.classList.add("drawn");
                draw(figure);
            }
        });
    }

    window.posrecCharts = { drawVisible, showSpan, zoomed: () => zoomed };
})();
