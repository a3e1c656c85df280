namespace InferenceServer.FunctionalTests.Soak;

/// <summary>Somebody who does one thing with the server, again and again. What it throws is a fault.</summary>
internal interface ISoakActor
{
    /// <summary>Does it once.</summary>
    Task StepAsync(SoakScene scene, Random random);
}
