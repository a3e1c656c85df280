using InferenceServer.FunctionalTests.Connections;

namespace InferenceServer.FunctionalTests.Soak;

/// <summary>Opens connections to all ports, says nothing on them, and leaves.</summary>
internal sealed class SilentConnections : ISoakActor
{
    private const int Most = 30;

    public async Task StepAsync(SoakScene scene, Random random)
    {
        Uri[] ports = [scene.Http, scene.Rpc, scene.Metrics];
        var connections = new List<RawConnection>();
        try
        {
            for (var i = random.Next(1, Most); i > 0; i--)
            {
                connections.Add(await RawConnection.OpenAsync(ports[random.Next(ports.Length)]));
                if (random.Next(2) == 0)
                {
                    connections[^1].ResetAtEnd();
                }
            }

            await scene.PauseAsync(random.Next(0, 500));
        }
        finally
        {
            connections.ForEach(static connection => connection.Dispose());
        }
    }
}
