//! Live charts over virtual time, drawn with plotters; at most four times a second.

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters_canvas::CanvasBackend;
use scene::display::Token;
use scene::{Lang, PHASES, Theme, hex};
use web_sys::HtmlCanvasElement;
use yew::prelude::*;

use crate::cx::{use_engine, use_topic, use_tr};
use crate::engine::Topic;
use crate::i18n::Word;
use crate::samples::Samples;

const REDRAW_MS: f64 = 260.0;
const FAMILY: &str = "Inter, Pretendard, Noto Sans KR, Noto Sans CJK KR, system-ui, sans-serif";

/// One line of a chart.
struct Series {
    name: String,
    token: Token,
    points: Vec<(f64, f64)>,
}

struct Chart {
    title: Word,
    series: fn(&Samples, Lang) -> Vec<Series>,
}

const CHARTS: &[Chart] = &[
    Chart { title: Word::PodsByPhase, series: pods_by_phase },
    Chart { title: Word::Requests, series: |samples, _| services(samples, |row| row.1) },
    Chart { title: Word::Latency, series: |samples, _| services(samples, |row| row.2) },
    Chart { title: Word::CpuPerNode, series: |samples, _| nodes(samples, |row| row.1) },
    Chart { title: Word::MemoryPerNode, series: |samples, _| nodes(samples, |row| row.2) },
];

/// Lines that mean no state take these, in order.
const HUES: [Token; 6] = [
    Token::Accent,
    Token::Running,
    Token::Pending,
    Token::Terminating,
    Token::Creating,
    Token::Failed,
];

fn pods_by_phase(samples: &Samples, lang: Lang) -> Vec<Series> {
    let phases = PHASES.iter().enumerate().map(|(index, phase)| Series {
        name: phase.word().text(lang).to_owned(),
        token: phase.tokens().0,
        points: samples
            .iter()
            .map(|s| (s.second, f64::from(s.phases.get(index).copied().unwrap_or(0))))
            .collect(),
    });
    phases.filter(|series| series.points.iter().any(|(_, count)| *count > 0.0)).collect()
}

type Row = (smol_str::SmolStr, f64, f64);

fn services(samples: &Samples, value: fn(&Row) -> f64) -> Vec<Series> {
    gather(samples.iter().map(|sample| (sample.second, &sample.services)), value)
}

fn nodes(samples: &Samples, value: fn(&Row) -> f64) -> Vec<Series> {
    gather(samples.iter().map(|sample| (sample.second, &sample.nodes)), value)
}

fn gather<'a>(
    rows: impl Iterator<Item = (f64, &'a Vec<Row>)>,
    value: fn(&Row) -> f64,
) -> Vec<Series> {
    let mut found: Vec<Series> = Vec::new();
    for (second, rows) in rows {
        for row in rows {
            let at = found.iter().position(|series| series.name == row.0.as_str());
            let at = at.unwrap_or_else(|| {
                let token = HUES.get(found.len() % HUES.len()).copied().unwrap_or(Token::Accent);
                found.push(Series { name: row.0.to_string(), token, points: Vec::new() });
                found.len() - 1
            });
            if let Some(series) = found.get_mut(at) {
                series.points.push((second, value(row)));
            }
        }
    }
    found
}

#[derive(PartialEq, Properties)]
pub struct MetricsProps {
    pub theme: Theme,
}

#[component]
pub fn Metrics(props: &MetricsProps) -> Html {
    let (tr, engine) = (use_tr(), use_engine());
    use_topic(Topic::Clock, REDRAW_MS);
    let empty = engine.with_samples(|samples| samples.len() < 2);
    let charts = CHARTS.iter().map(|chart| {
        let series = engine.with_samples(|samples| (chart.series)(samples, tr.0));
        html! { <ChartView title={chart.title} {series} theme={props.theme} /> }
    });
    html! {
        <div class="scroll charts" tabindex="0">
            if empty { <p class="quiet">{ tr.t(Word::NoSamples) }</p> } else { { for charts } }
        </div>
    }
}

#[derive(Properties)]
struct ChartProps {
    title: Word,
    series: Vec<Series>,
    theme: Theme,
}

impl PartialEq for ChartProps {
    fn eq(&self, _: &Self) -> bool {
        false
    }
}

#[component]
fn ChartView(props: &ChartProps) -> Html {
    let tr = use_tr();
    let canvas = use_node_ref();
    let theme = props.theme;
    let legend = props.series.iter().map(|series| {
        let last = series.points.last().map_or(0.0, |(_, value)| *value);
        let style = format!("--dot:{}", hex(scene::theme(theme, series.token)));
        html! { <li {style}>{ &series.name }{ " " }<b>{ short(last) }</b></li> }
    });
    let legend: Vec<Html> = legend.collect();
    let label = tr.t(props.title);
    {
        let canvas = canvas.clone();
        let series: Vec<(Token, Vec<(f64, f64)>)> =
            props.series.iter().map(|series| (series.token, series.points.clone())).collect();
        use_effect(move || {
            if let Some(canvas) = canvas.cast::<HtmlCanvasElement>() {
                // A chart that cannot be drawn leaves its legend, which says the same.
                let _ = draw(&canvas, &series, theme);
            }
        });
    }
    html! {
        <figure>
            <figcaption>{ label }</figcaption>
            <canvas ref={canvas} role="img" aria-label={label}></canvas>
            <ul class="legend">{ for legend }</ul>
        </figure>
    }
}

fn short(value: f64) -> String {
    if value >= 100.0 || value.fract() == 0.0 {
        format!("{value:.0}")
    } else if value >= 10.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.2}")
    }
}

fn color(theme: Theme, token: Token) -> RGBColor {
    let [r, g, b] = scene::theme(theme, token);
    RGBColor(r, g, b)
}

type Failed = Box<dyn std::error::Error>;

fn draw(
    canvas: &HtmlCanvasElement,
    series: &[(Token, Vec<(f64, f64)>)],
    theme: Theme,
) -> Result<(), Failed> {
    let ratio = gloo::utils::window().device_pixel_ratio().clamp(1.0, 3.0);
    let (width, height) = (canvas.client_width(), canvas.client_height());
    if width < 40 || height < 40 {
        return Ok(());
    }
    let pixels = |points: i32| (f64::from(points) * ratio) as u32;
    if (canvas.width(), canvas.height()) != (pixels(width), pixels(height)) {
        canvas.set_width(pixels(width));
        canvas.set_height(pixels(height));
    }
    let backend = CanvasBackend::with_canvas_object(canvas.clone()).ok_or("no 2d canvas")?;
    let area: DrawingArea<_, Shift> = backend.into_drawing_area();
    area.fill(&color(theme, Token::Surface))?;
    let all = || series.iter().flat_map(|(_, points)| points);
    let first = all().map(|(x, _)| *x).fold(f64::INFINITY, f64::min);
    let last = all().map(|(x, _)| *x).fold(0.0_f64, f64::max);
    let most = all().map(|(_, y)| *y).fold(0.0_f64, f64::max);
    if !first.is_finite() {
        return Ok(());
    }
    let ink = color(theme, Token::Third);
    let label = TextStyle::from((FAMILY, (11.0 * ratio) as i32).into_font()).color(&ink);
    let mut chart = ChartBuilder::on(&area)
        .margin(pixels(4))
        .margin_right(pixels(12))
        .x_label_area_size(pixels(20))
        .y_label_area_size(pixels(36))
        .build_cartesian_2d(first..last.max(first + 10.0), 0.0..top(most))?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(color(theme, Token::Line))
        .axis_style(color(theme, Token::Line))
        .x_labels(4)
        .y_labels(3)
        .label_style(label)
        .x_label_formatter(&|second| moment(*second))
        .y_label_formatter(&|value| short(*value))
        .draw()?;
    for (token, points) in series {
        let style = color(theme, *token).stroke_width((1.6 * ratio).round() as u32);
        chart.draw_series(LineSeries::new(points.iter().copied(), style))?;
    }
    area.present()?;
    Ok(())
}

/// A round number above the highest value.
fn top(most: f64) -> f64 {
    let mut step = 1.0;
    while step < most {
        step *= if step * 2.0 >= most { 2.0 } else { 5.0 };
    }
    step * 1.05
}

/// `2:14`
fn moment(second: f64) -> String {
    let second = second.max(0.0) as u64;
    format!("{}:{:02}", second / 60, second % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_have_round_ends() {
        for (most, want) in [(0.0, 1.0), (1.0, 1.0), (3.0, 5.0), (7.0, 10.0), (40.0, 50.0)] {
            assert_eq!(top(most), want * 1.05, "{most}");
        }
        assert_eq!(moment(134.9), "2:14");
    }
}
