using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Configuration;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Scheduling;

namespace InferenceServer.Protocols.KServe.Tests.Http;

/// <summary>Answers at once: each output is the input at the same place.</summary>
internal sealed class EchoScheduler(ModelConfig config) : IModelScheduler
{
    /// <summary>Refuses every request where it is set.</summary>
    public InferenceError? Refusal { get; set; }

    /// <summary>Where it is set, requests wait for it.</summary>
    public Task? Gate { get; set; }

    /// <summary>Answers in place of the echo where it is set.</summary>
    public Func<PendingInference, Task>? Script { get; set; }

    /// <summary>How many responses a script has handed over.</summary>
    public int Sent { get; set; }

    /// <summary>The parameters of the last request.</summary>
    public Dictionary<string, ParameterValue> LastParameters { get; private set; } = [];

    /// <summary>Completed when the client of a waiting request has gone.</summary>
    public TaskCompletionSource Abandoned { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completed when a request has come.</summary>
    public TaskCompletionSource Accepted { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public InferenceError? TryEnqueue(PendingInference pending)
    {
        if (Refusal is not null)
        {
            return Refusal;
        }

        LastParameters = new Dictionary<string, ParameterValue>(pending.Request.Parameters);
        Accepted.TrySetResult();
        if (Script is not null)
        {
            _ = Script(pending);
            return null;
        }

        pending.WatchClient(static state => ((EchoScheduler)state!).Abandoned.TrySetResult(), this, TimeProvider.System);
        _ = AnswerAsync(pending);
        return null;
    }

    public void BeginDrain()
    {
    }

    public Task StopAsync() => Task.CompletedTask;

    private async Task AnswerAsync(PendingInference pending)
    {
        if (Gate is not null)
        {
            await Gate;
        }

        var request = pending.Request;
        var places = pending.OutputOrder ?? [.. Enumerable.Range(0, config.Outputs.Length)];
        var outputs = new TensorView[places.Length];
        for (var i = 0; i < places.Length; i++)
        {
            var input = request.Inputs[places[i]];
            outputs[i] = new TensorView(config.Outputs[places[i]].Name, input.DataType, input.Shape, input.Buffer.Acquire());
        }

        request.ReleaseInputs();
        var response = new InferenceResponse(request.Id, request.DetachLease(), outputs);
        if (!pending.TryComplete(InferenceOutcome.Success(response)))
        {
            response.Dispose();
        }
    }
}
