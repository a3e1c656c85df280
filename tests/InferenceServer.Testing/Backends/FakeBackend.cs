using System.Collections.Immutable;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Models;

namespace InferenceServer.Testing.Backends;

/// <summary>
/// A scripted backend: its models have the signature and do the work that a test gives them; it can hold executions at a gate, fail the
/// nth load, and counts what is alive.
/// </summary>
public sealed class FakeBackend(ModelSignature signature) : IBackend
{
    private int _loads;
    private int _livingModels;
    private int _livingInstances;
    private int _executions;

    public BackendDescriptor Descriptor { get; init; } = new("fake") { ModelFilenames = ["model.fake"], BareFileExtension = ".fake", DescribesModels = true };

    /// <summary>What an execution does.</summary>
    public Action<ExecutionBatch> Execute { get; set; } = static batch => EchoFirst(batch);

    /// <summary>When set, every execution waits here before it works.</summary>
    public ExecutionGate? Gate { get; set; }

    /// <summary>The numbers of the loads that fail, from 1.</summary>
    public ImmutableHashSet<int> FailingLoads { get; set; } = [];

    /// <summary>When set, every load waits for it.</summary>
    public Task LoadGate { get; set; } = Task.CompletedTask;

    /// <summary>Given the number of instances that would be alive with the next one; may throw in the place of the engine.</summary>
    public Action<int> MakingInstance { get; set; } = static _ => { };

    /// <summary>Gets ready for executions of one thread each; null for an engine that has none.</summary>
    public Func<bool>? ReadyOneThread { get; set; }

    /// <summary>What it was warmed up with.</summary>
    public TaskCompletionSource<(IReadOnlyDictionary<string, string> Settings, int ProcessorCount)> WarmedUp { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public int Loads => Volatile.Read(ref _loads);

    public int LivingModels => Volatile.Read(ref _livingModels);

    public int LivingInstances => Volatile.Read(ref _livingInstances);

    public int Executions => Volatile.Read(ref _executions);

    public void WarmUp(IReadOnlyDictionary<string, string> settings, int processorCount) => WarmedUp.TrySetResult((settings, processorCount));

    public async ValueTask<IBackendModel> LoadAsync(ModelLoadContext context, CancellationToken cancellationToken)
    {
        var number = Interlocked.Increment(ref _loads);
        await LoadGate.WaitAsync(cancellationToken);
        if (FailingLoads.Contains(number))
        {
            throw new BackendException(ErrorCode.Unavailable, $"load {number} fails");
        }

        return MakeModel();
    }

    public IBackendModel MakeModel()
    {
        Interlocked.Increment(ref _livingModels);
        return new Model(this, signature);
    }

    /// <summary>Answers every output with the bytes of the first input.</summary>
    public static void EchoFirst(ExecutionBatch batch)
    {
        var input = batch.Inputs[0];
        input.Span.CopyTo(batch.AllocateOutput(0, input.Shape, input.Length).Span);
    }

    private sealed class Model(FakeBackend backend, ModelSignature signature) : IBackendModel
    {
        public ModelSignature Signature => signature;

        public bool HasOneThreadRuns => backend.ReadyOneThread is not null;

        public bool TryReadyOneThread() => backend.ReadyOneThread!();

        public IModelInstance CreateInstance(InstancePlacement placement)
        {
            backend.MakingInstance(backend.LivingInstances + 1);
            Interlocked.Increment(ref backend._livingInstances);
            return new Instance(backend);
        }

        public void Dispose() => Interlocked.Decrement(ref backend._livingModels);
    }

    private sealed class Instance(FakeBackend backend) : IModelInstance
    {
        private int _running;

        public void Execute(ExecutionBatch batch)
        {
            if (Interlocked.Exchange(ref _running, 1) != 0)
            {
                throw new InvalidOperationException("one instance was executed by two threads at once");
            }

            try
            {
                Interlocked.Increment(ref backend._executions);
                backend.Gate?.Pass(batch.Cancellation);
                backend.Execute(batch);
            }
            finally
            {
                Volatile.Write(ref _running, 0);
            }
        }

        public void Dispose() => Interlocked.Decrement(ref backend._livingInstances);
    }
}
