using System.Runtime.InteropServices;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Backends.Torch.Engine;
using static TorchSharp.torch;

namespace InferenceServer.Backends.Torch.Executions;

/// <summary>One lane. libtorch runs to its end once it has begun: only what has not begun can be given up.</summary>
/// <param name="engine">The engine.</param>
/// <param name="module">The model, shared with other lanes or this one's own.</param>
/// <param name="release">Called at the end of a lane whose module is its own; null for one that shares it.</param>
/// <param name="plan">What to call and how.</param>
/// <param name="gpu">The GPU that it runs on; null for the processor.</param>
internal sealed class TorchInstance(IEngine engine, IModule module, Action? release, ExecutionPlan plan, int? gpu) : IModelInstance
{
    /// <inheritdoc />
    public void Execute(ExecutionBatch batch)
    {
        if (batch.Cancellation.IsCancellationRequested)
        {
            throw new BackendException(ErrorCode.Cancelled, "the execution was cancelled, since nobody waits for its result any more");
        }

        plan.Settings.Threads.Enter();
        try
        {
            using var mode = plan.Settings.InferenceMode ? inference_mode() : no_grad();
            using var arguments = new Arguments(engine, gpu);
            var call = arguments.Make(batch.Inputs, plan);
            using var results = new Results(module.Call(plan.Method, call));
            results.Give(engine, plan, batch);
        }
        catch (Exception exception) when (exception is TorchException or ExternalException)
        {
            throw new BackendException(TorchMessage.CodeOf(exception.Message), $"the model failed: {TorchMessage.Read(exception.Message)}", exception);
        }
    }

    /// <inheritdoc />
    public void Dispose() => release?.Invoke();
}
