using System.Globalization;
using System.Text;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Testing.Tensors;
using Xunit;

namespace InferenceServer.Core.Tests.Ensembles;

/// <summary>
/// Whatever the ensemble looks like, each request is answered as if its steps had been evaluated one after the other for it alone: random graphs with conditions, random outputs, random rows,
/// steps that refuse values and clients that go. Nothing is lost, and the end of the fixture finds that nothing is left over.
/// </summary>
public sealed class EnsemblePropertyTests
{
    private const int Requests = 24;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task RandomGraphs_AnswerAsTheReferenceDoes(int seed)
    {
        for (var graph = 0; graph < 20; graph++)
        {
            await RunAsync(new Random((seed * 1000) + graph), $"seed {seed}, graph {graph}");
        }
    }

    private static async Task RunAsync(Random random, string what)
    {
        await using var fixture = new EnsembleFixture();
        fixture.Add("next", Work.Map(static values => values[0] + 1), lanes: 2);
        fixture.Add("sum", Work.Map(static values => values.Sum()), [EnsembleFixture.Fp32("A", 8, 1), EnsembleFixture.Fp32("B", 8, 1)]);
        fixture.Add("both", Work.Maps(static values => values[0] * 2, static values => values[0] - 3), outputs: [EnsembleFixture.Fp32("P", 8, 1), EnsembleFixture.Fp32("Q", 8, 1)]);
        fixture.Add("picky", Work.Refuse(IsBad));
        var graph = new RandomGraph(random, 2 + random.Next(9));
        fixture.AddEnsemble("e", graph.Text);
        await Task.WhenAll(Enumerable.Range(0, Requests).Select(_ =>
        {
            var rows = graph.HasConditions ? 1 : 1 + random.Next(3);
            return AskAsync(fixture, graph, [.. Enumerable.Range(0, rows).Select(_ => (float)random.Next(-20, 20))], [.. graph.Tensors.Where(_ => random.Next(3) == 0)], random.Next(6) == 0, what);
        }));
    }

    private static async Task AskAsync(EnsembleFixture fixture, RandomGraph graph, float[] values, string[] wanted, bool leaves, string what)
    {
        await Task.Yield();
        using var client = new CancellationTokenSource();
        var asked = fixture.InferUntilAsync(EnsembleRunTests.Ask(fixture, "e", string.Join(',', wanted), values), client.Token);
        if (leaves)
        {
            await Task.Yield();
            await client.CancelAsync();
        }

        var outcome = await asked;
        using var response = outcome.Response;
        var expected = values.Select(value => graph.Evaluate(value, wanted, IsBad)).ToArray();
        if (outcome.Error is { } error)
        {
            var isExpected = (leaves && error.Code == ErrorCode.Cancelled)
                || (error.Message.EndsWith("is refused", StringComparison.Ordinal) && expected.Any(static one => one.IsRefused))
                || (error.Message.Contains("is not there", StringComparison.Ordinal) && wanted.Any(name => !expected[0].Values.ContainsKey(name)) && !expected[0].IsRefused)
                || (error.Message.Contains("is not there", StringComparison.Ordinal) && wanted.Length == 0 && expected[0].Values.Count == 0);
            Assert.True(isExpected, $"{what}: {error.Message} for {string.Join(',', values)} of {graph.Text}");
            return;
        }

        Assert.DoesNotContain(expected, static one => one.IsRefused);
        var names = wanted.Length > 0 ? wanted : [.. graph.Tensors.Where(expected[0].Values.ContainsKey)];
        Assert.Equal(names.Length, response!.Outputs.Length);
        for (var i = 0; i < names.Length; i++)
        {
            Assert.Equal(names[i], response.Outputs[i].Name);
            Assert.Equal(expected.Select(one => one.Values[names[i]]), TestTensor.Read<float>(response.Outputs[i]));
        }
    }

    private static bool IsBad(float value) => value % 7 == 3;

    /// <summary>A random ensemble in which every tensor is an output, with a reference that evaluates it one step after another.</summary>
    private sealed class RandomGraph
    {
        private readonly List<(string Model, string[] Inputs, string[] Outputs, string? Condition, bool IsNegated)> _steps = [];

        public RandomGraph(Random random, int steps)
        {
            var known = new List<string> { "IN" };
            for (var i = 0; i < steps; i++)
            {
                var model = new[] { "next", "sum", "both", "picky" }[random.Next(4)];
                string[] inputs = [.. Enumerable.Range(0, model == "sum" ? 2 : 1).Select(_ => known[random.Next(known.Count)])];
                string[] outputs = model == "both" ? [$"t{i}p", $"t{i}q"] : [$"t{i}"];
                var condition = random.Next(5) == 0 ? known[random.Next(known.Count)] : null;
                _steps.Add((model, inputs, outputs, condition, random.Next(2) == 0));
                known.AddRange(outputs);
            }

            Tensors = [.. known.Skip(1)];
            Text = Write(random);
        }

        public string[] Tensors { get; }

        public string Text { get; }

        public bool HasConditions => _steps.Exists(static step => step.Condition is not null);

        public (bool IsRefused, Dictionary<string, float> Values) Evaluate(float value, string[] wanted, Func<float, bool> isBad)
        {
            var needed = (wanted.Length > 0 ? wanted : Tensors).ToHashSet();
            var runs = new bool[_steps.Count];
            for (var i = _steps.Count - 1; i >= 0; i--)
            {
                if (runs[i] = _steps[i].Outputs.Any(needed.Contains))
                {
                    needed.UnionWith(_steps[i].Inputs);
                    needed.UnionWith(_steps[i].Condition is { } condition ? [condition] : []);
                }
            }

            var values = new Dictionary<string, float> { ["IN"] = value };
            var isRefused = false;
            for (var i = 0; i < _steps.Count; i++)
            {
                var step = _steps[i];
                if (!runs[i] || !step.Inputs.All(values.ContainsKey) || (step.Condition is { } condition && (!values.TryGetValue(condition, out var said) || said != 0 == step.IsNegated)))
                {
                    continue;
                }

                var first = values[step.Inputs[0]];
                switch (step.Model)
                {
                    case "next":
                        values[step.Outputs[0]] = first + 1;
                        break;
                    case "sum":
                        values[step.Outputs[0]] = first + values[step.Inputs[1]];
                        break;
                    case "both":
                        values[step.Outputs[0]] = first * 2;
                        values[step.Outputs[1]] = first - 3;
                        break;
                    default:
                        isRefused |= isBad(first);
                        values[step.Outputs[0]] = first;
                        break;
                }
            }

            values.Remove("IN");
            return (isRefused, values);
        }

        private string Write(Random random)
        {
            var text = new StringBuilder("platform: \"ensemble\" max_batch_size: 4 input { name: \"IN\" data_type: TYPE_FP32 dims: 1 }\n");
            foreach (var tensor in Tensors)
            {
                text.Append(CultureInfo.InvariantCulture, $"output {{ name: \"{tensor}\" data_type: TYPE_FP32 dims: 1 }}\n");
            }

            // The order in the file does not matter.
            var order = Enumerable.Range(0, _steps.Count).ToArray();
            random.Shuffle(order);
            text.Append("ensemble_scheduling {\n");
            foreach (var place in order)
            {
                var (model, inputs, outputs, _, _) = _steps[place];
                text.Append(CultureInfo.InvariantCulture, $"step {{ model_name: \"{model}\"");
                string[] names = model == "sum" ? ["A", "B"] : ["X"];
                for (var i = 0; i < names.Length; i++)
                {
                    text.Append(CultureInfo.InvariantCulture, $" input_map {{ key: \"{names[i]}\" value: \"{inputs[i]}\" }}");
                }

                names = model == "both" ? ["P", "Q"] : ["Y"];
                for (var i = 0; i < names.Length; i++)
                {
                    text.Append(CultureInfo.InvariantCulture, $" output_map {{ key: \"{names[i]}\" value: \"{outputs[i]}\" }}");
                }

                text.Append(" }\n");
            }

            text.Append("}\n");
            for (var i = 0; i < order.Length; i++)
            {
                var step = _steps[order[i]];
                if (step.Condition is { } condition)
                {
                    text.Append(CultureInfo.InvariantCulture, $"parameters {{ key: \"step[{i}].when\" value {{ string_value: \"{(step.IsNegated ? "!" : "")}{condition}\" }} }}\n");
                }
            }

            return text.ToString();
        }
    }
}
