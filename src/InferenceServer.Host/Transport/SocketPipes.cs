using System.IO.Pipelines;

namespace InferenceServer.Host.Transport;

/// <summary>One side's ends of the two pipes of a connection.</summary>
internal sealed class SocketPipes(PipeReader input, PipeWriter output) : IDuplexPipe
{
    public PipeReader Input => input;

    public PipeWriter Output => output;
}
