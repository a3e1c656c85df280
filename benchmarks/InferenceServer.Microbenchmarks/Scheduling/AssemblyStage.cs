using InferenceServer.Core.Scheduling;
using InferenceServer.Microbenchmarks.Stages;

namespace InferenceServer.Microbenchmarks.Scheduling;

/// <summary>The rows of some requests, put together for one execution.</summary>
internal sealed class AssemblyStage : IStage, IDisposable
{
    private readonly StagedModel _model = new();
    private readonly LaneArrays _arrays = new();
    private readonly PendingInference[] _members;

    public AssemblyStage(int members) => _members = [.. Enumerable.Range(0, members).Select(_ => _model.Pending())];

    public void Run() => _model.Assembler.Assemble(_members, null, _arrays).Dispose();

    public void Dispose()
    {
        Array.ForEach(_members, static member => member.Request.Dispose());
        _model.Dispose();
    }
}
