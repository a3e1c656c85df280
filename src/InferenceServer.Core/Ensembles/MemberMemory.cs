using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Lifecycle;

namespace InferenceServer.Core.Ensembles;

/// <summary>
/// Keeps what a step has answered, and the version of the model that answered it: its memory may be that of the engine, which must not go before it.
/// </summary>
internal sealed class MemberMemory : IDisposable
{
    private readonly ModelLease _lease;
    private readonly TensorView _view;

    private MemberMemory(ModelLease lease, in TensorView view)
    {
        _lease = lease;
        _view = view;
    }

    /// <summary>The same bytes under another name, with a count of their own that holds the version too. Nothing is copied.</summary>
    /// <param name="output">The output, whose count stays its owner's.</param>
    /// <param name="lease">A lease of the version; stays the caller's.</param>
    /// <param name="name">The name of the ensemble's tensor.</param>
    public static TensorView Hold(in TensorView output, ModelLease lease, string name)
    {
        var owner = new MemberMemory(lease.Share(), output.Acquire());
        return new TensorView(name, output.DataType, output.Shape, TensorBuffer.Adopt(output.Pointer, output.Length, owner));
    }

    public void Dispose()
    {
        _view.Dispose();
        _lease.Dispose();
    }
}
