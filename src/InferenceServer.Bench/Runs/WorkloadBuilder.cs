using System.IO.Abstractions;
using InferenceServer.Bench.Addresses;
using InferenceServer.Bench.Answers;
using InferenceServer.Bench.Failures;
using InferenceServer.Bench.Inputs;
using InferenceServer.Bench.Models;
using InferenceServer.Bench.Requests;
using InferenceServer.Bench.Statistics;

namespace InferenceServer.Bench.Runs;

/// <summary>Asks the servers what the model takes, and makes the requests.</summary>
internal sealed class WorkloadBuilder(BenchPlan plan, IFileSystem files, TimeProvider clock)
{
    /// <summary>The workloads of each server, by server and encoding.</summary>
    /// <exception cref="BenchException">A server cannot be asked, its model takes something else than what is to be sent, or answers differ that are to be equal.</exception>
    public async Task<IReadOnlyList<IReadOnlyList<Workload>>> BuildAsync(CancellationToken cancellation)
    {
        var descriptions = new List<ModelMetadata>();
        foreach (var server in plan.Servers)
        {
            descriptions.Add(await DescribeAsync(server, cancellation));
        }

        var model = descriptions[0];
        if (descriptions.FirstOrDefault(other => !TakesTheSame(model, other)) is { } other)
        {
            throw new BenchException($"the two servers' models '{plan.Model}' take different inputs: {Text(model)} and {Text(other)}");
        }

        var requests = Inputs(model).Select(inputs => new InferRequest(plan.Model, plan.Version, inputs, plan.Parameters)).ToList();
        var workloads = plan.Servers.Select(server => plan.Encodings.Select(encoding => Make(server, encoding, model, requests)).ToList()).ToList();
        return plan.SharedMemory is { } shared ? await new SharedWorkloadBuilder(plan, shared, clock).ShareAsync(workloads, requests, cancellation)
            : plan.ChecksAnswers ? await CheckAsync(workloads, cancellation)
            : workloads;
    }

    private static bool TakesTheSame(ModelMetadata model, ModelMetadata other) =>
        model.Inputs.Count == other.Inputs.Count
        && model.Inputs.All(input => other.Inputs.Any(its => its.Name == input.Name && its.DataType == input.DataType && its.Shape.SequenceEqual(input.Shape)));

    private static string Text(ModelMetadata model) => string.Join(", ", model.Inputs.Select(static input => $"{input.Name} {input.DataType} {InputShape.Text(input.Shape)}"));

    private IReadOnlyList<IReadOnlyList<Tensor>> Inputs(ModelMetadata model)
    {
        if (plan.Inputs.Shapes.Keys.FirstOrDefault(name => model.Inputs.All(input => input.Name != name)) is { } unknown)
        {
            throw new BenchException($"--shape {unknown}: model '{plan.Model}' has no input '{unknown}'; it takes {Text(model)}");
        }

        return plan.InputData is { } path
            ? RecordedInputsReader.Read(files, path, model, plan.Inputs)
            : [.. Enumerable.Range(0, plan.Inputs.Distinct).Select(i => TensorGenerator.Inputs(model, plan.Inputs, i))];
    }

    private async Task<ModelMetadata> DescribeAsync(LoadTarget server, CancellationToken cancellation)
    {
        var encoding = plan.Encodings.Any(static one => one.IsHttp()) ? WireEncoding.Json : WireEncoding.Grpc;
        try
        {
            return await Workload.Asked(server, encoding, plan.Settings, clock).DescribeAsync(plan.Model, plan.Version, cancellation);
        }
        catch (Exception e) when (RequestFailure.Of(e) is { } failure)
        {
            cancellation.ThrowIfCancellationRequested();
            throw new BenchException($"{server.For(encoding)} does not describe model '{plan.Model}': {failure}", e);
        }
    }

    private Workload Make(LoadTarget server, WireEncoding encoding, ModelMetadata model, IReadOnlyList<InferRequest> requests)
    {
        var hasRows = model.Inputs.Count > 0 && model.Inputs.All(static input => input.Shape is [-1, ..]);
        return new Workload(
            encoding,
            server.For(encoding),
            new RequestSet(
                plan.SharedMemory is not null ? [] : [.. requests.Select(request => InferRequestBuilder.For(encoding, server.For(encoding), request, plan.Settings.Headers))],
                null,
                hasRows ? requests.Average(static request => (double)request.Inputs[0].Shape[0]) : 1),
            new ModelCounters(Workload.Asked(server, encoding, plan.Settings, clock), plan.Model, plan.Version));
    }

    /// <summary>Has each request answered once, holds the answers against each other, and expects them from then on.</summary>
    private async Task<IReadOnlyList<IReadOnlyList<Workload>>> CheckAsync(IReadOnlyList<IReadOnlyList<Workload>> servers, CancellationToken cancellation)
    {
        var known = new List<RecordedAnswers>();
        var checkedServers = new List<IReadOnlyList<Workload>>();
        foreach (var workloads in servers)
        {
            var checkedWorkloads = new List<Workload>();
            foreach (var workload in workloads)
            {
                var answers = await new AnswerRecorder(plan.Settings, clock).RecordAsync(workload.Encoding, workload.Server, workload.Requests.Sent, cancellation);
                known.ForEach(earlier => RecordedAnswers.CheckEqual(earlier, answers));
                known.Add(answers);
                checkedWorkloads.Add(workload with { Requests = workload.Requests with { Expected = answers.Bodies } });
            }

            checkedServers.Add(checkedWorkloads);
        }

        return checkedServers;
    }
}
