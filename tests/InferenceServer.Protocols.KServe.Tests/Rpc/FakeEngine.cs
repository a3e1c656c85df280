using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Lifecycle;
using InferenceServer.Core.Observation;
using InferenceServer.Core.Tracing;
using InferenceServer.Core.SharedMemory;
using Xunit;

namespace InferenceServer.Protocols.KServe.Tests.Rpc;

/// <summary>Has one model, <c>echo</c>, that gives every input back under its own name, or does what a test says.</summary>
internal sealed class FakeEngine(ISharedMemoryTensors sharedMemory) : IInferenceEngine, IDisposable
{
    public PoisoningAllocator Memory { get; } = new();

    public ServedModel Model { get; } = FakeModel.Create();

    public Func<InferenceRequest, CancellationToken, ValueTask<InferenceOutcome>> Handler { get; set; } = static (request, _) => ValueTask.FromResult(Echo(request));

    public ITensorAllocator Allocator => Memory;

    public RequestTracer Tracer => RequestTracer.Off;

    public RequestObserver Observer { get; } = new(TimeProvider.System, RequestLog.None);

    public ISharedMemoryTensors SharedMemory => sharedMemory;

    public static InferenceOutcome Echo(InferenceRequest request) => Answer(request, [.. request.Inputs.Select(static input => input.Acquire())]);

    /// <summary>Ends a request with these outputs, as the engine does: the inputs are released, the lease moves to the response.</summary>
    public static InferenceOutcome Answer(InferenceRequest request, TensorView[] outputs)
    {
        var response = new InferenceResponse(request.Id, request.DetachLease(), outputs);
        request.Dispose();
        return InferenceOutcome.Success(response);
    }

    public static InferenceOutcome Refuse(InferenceRequest request, ErrorCode code, string message)
    {
        request.Dispose();
        return InferenceOutcome.Failure(new InferenceError(code, message));
    }

    public ValueTask<LeaseOutcome> AcquireAsync(string modelName, string version, CancellationToken cancellationToken)
    {
        if (modelName != "echo")
        {
            return ValueTask.FromResult(LeaseOutcome.Failure(new InferenceError(ErrorCode.NotFound, $"Request for unknown model: '{modelName}' is not found")));
        }

        Assert.True(Model.TryAcquire());
        return ValueTask.FromResult(LeaseOutcome.Success(new ModelLease(Model)));
    }

    public ValueTask<InferenceOutcome> InferAsync(InferenceRequest request, CancellationToken cancellationToken) => Handler(request, cancellationToken);

    public InferenceStream StartStream(InferenceRequest request, CancellationToken cancellationToken)
    {
        var stream = new InferenceStream(1024, Timeout.InfiniteTimeSpan, TimeProvider.System);
        _ = FinishAsync(stream, Handler(request, cancellationToken));
        return stream;
    }

    public void Dispose() => Memory.Dispose();

    private static async Task FinishAsync(InferenceStream stream, ValueTask<InferenceOutcome> outcome) => stream.Finish(await outcome);
}
