using InferenceServer.FunctionalTests.Models;

namespace InferenceServer.FunctionalTests.Soak;

/// <summary>One way of asking a model, and where the server counts it.</summary>
internal readonly record struct SoakDoor(IAsk Ask, SoakWay Way);
